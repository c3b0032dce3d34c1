import type { Editor } from '../../pages/access/editor-snippets.ts';

/** Sentences about the configurations of editors for a new key. */
export const en = {
  names: { continue: 'Continue', zed: 'Zed', vsCode: 'VS Code', other: 'Other', curl: 'curl' } satisfies Record<
    Editor,
    string
  >,
  hints: {
    continue: 'In ~/.continue/config.yaml:',
    zed: 'In settings.json. Zed does not read the key there: paste it in its settings of the provider llamactl, or set LLAMACTL_API_KEY.',
    vsCode: 'The command “Chat: Open Language Models (JSON)” opens the file for this, from VS Code 1.122:',
    other: 'Any program with a provider that speaks the API of OpenAI needs these three values:',
    curl: 'This asks a first question:',
  } satisfies Record<Editor, string>,
  noModel: 'NAME stands for the name of an instance.',
};
