import { useState } from 'react';
import { CodeBlock } from '../../components/code-block.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { useWords } from '../../lib/language.ts';
import { useAllRows } from '../../lib/live/live-hooks.ts';
import { accessWords } from '../../words/access.ts';
import { editorWords } from '../../words/editors.ts';
import { EDITORS, editorSnippet, modelsFor, NO_NAME, type Editor } from './editor-snippets.ts';

interface EditorUseProps {
  /** The address of `/v1`. */
  base: string;
  secret: string;
  /** The instances of the key; `null`: all. */
  instances: readonly string[] | null;
  onCopied: () => void;
}

/** Configurations of editors with a new key, and a command to test it. */
export function EditorUse({ base, secret, instances, onCopied }: EditorUseProps) {
  const { howToUse } = useWords(accessWords);
  const words = useWords(editorWords);
  const [editor, setEditor] = useState<Editor>('continue');
  const models = modelsFor(instances, useAllRows() ?? []);
  // Zed's configuration does not have the key.
  const hasKey = editor !== 'zed';
  return (
    <>
      <div className="max-w-full overflow-x-auto">
        <Segmented
          label={howToUse}
          value={editor}
          choices={EDITORS.map((value) => ({ value, label: words.names[value] }))}
          onChoose={setEditor}
        />
      </div>
      <p className="text-mute">{words.hints[editor]}</p>
      <CodeBlock
        label={words.names[editor]}
        code={editorSnippet(editor, base, secret, models)}
        wraps={editor === 'other' || editor === 'curl'}
        {...(hasKey ? { onCopied } : {})}
      />
      {models[0].name === NO_NAME && <p className="text-mute">{words.noModel}</p>}
    </>
  );
}
