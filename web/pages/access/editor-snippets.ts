import type { Row } from '../../lib/live/row-store.ts';
import { KEY_VARIABLE, snippetOf } from '../instance/snippets.ts';

/** Programs with a configuration to paste, and a command that tests it. */
export const EDITORS = ['continue', 'zed', 'vsCode', 'other', 'curl'] as const;
export type Editor = (typeof EDITORS)[number];

/** The facts of an instance that configurations have. */
export type EditorModel = Pick<Row, 'name' | 'capabilities' | 'context_size'>;

/** The placeholder for the name of an instance, while there is none. */
export const NO_NAME = 'NAME';
/** Tokens; for an instance that has not run yet. */
const USUAL_CONTEXT = 32_768;
/** Tokens of one answer, at most. */
const MOST_OUTPUT = 8_192;

/**
 * The instance that a new key is most likely for: one of those that it may call, which can chat; else the first that it may call.
 *
 * @param names The instances of the key; `null`: all.
 */
export function modelFor(names: readonly string[] | null, rows: readonly EditorModel[]): EditorModel {
  const allowed = names === null ? rows : rows.filter(({ name }) => names.includes(name));
  const chats = allowed.find(({ capabilities }) => capabilities.includes('chat'));
  const name = names?.[0] ?? NO_NAME;
  return chats ?? allowed[0] ?? { name, capabilities: ['chat'], context_size: null };
}

/** The configuration of a program. @param base The address of `/v1`. */
export function editorSnippet(editor: Editor, base: string, key: string, model: EditorModel): string {
  const { name, capabilities } = model;
  const isEmbedding = capabilities.includes('embeddings') && !capabilities.includes('chat');
  switch (editor) {
    case 'continue':
      return [
        'name: llamactl',
        'version: 0.0.1',
        'schema: v1',
        'models:',
        // A name such as `on` or `7` would be no text without quotes.
        `  - name: ${JSON.stringify(name)}`,
        '    provider: openai',
        `    model: ${JSON.stringify(name)}`,
        `    apiBase: ${base}`,
        `    apiKey: ${key}`,
        `    roles: [${isEmbedding ? 'embed' : 'chat, edit, apply'}]`,
      ].join('\n');
    case 'zed':
      return JSON.stringify(
        { language_models: { openai_compatible: { llamactl: zedProvider(base, model) } } },
        null,
        2,
      );
    case 'vsCode':
      return JSON.stringify([vsCodeProvider(base, key, model)], null, 2);
    case 'other':
      return `Base URL: ${base}\nKey: ${key}\nModel: ${name}`;
    case 'curl':
      return snippetOf('curl', { base, model: name, needsKey: true, isEmbedding }).replace(`$${KEY_VARIABLE}`, key);
  }
}

function zedProvider(base: string, { name, capabilities, context_size: context }: EditorModel) {
  const abilities = {
    tools: capabilities.includes('tools'),
    images: capabilities.includes('vision'),
    parallel_tool_calls: false,
    prompt_cache_key: false,
  };
  return {
    api_url: base,
    available_models: [{ name, display_name: name, max_tokens: context ?? USUAL_CONTEXT, capabilities: abilities }],
  };
}

function vsCodeProvider(base: string, key: string, { name, capabilities, context_size: context }: EditorModel) {
  const tokens = context ?? USUAL_CONTEXT;
  const output = Math.min(MOST_OUTPUT, Math.floor(tokens / 4));
  return {
    name: 'llamactl',
    vendor: 'customendpoint',
    apiKey: key,
    apiType: 'chat-completions',
    models: [
      {
        id: name,
        name,
        url: `${base}/chat/completions`,
        toolCalling: capabilities.includes('tools'),
        vision: capabilities.includes('vision'),
        maxInputTokens: tokens - output,
        maxOutputTokens: output,
      },
    ],
  };
}
