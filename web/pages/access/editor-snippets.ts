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

/**
 * The instances that a configuration lists: all that the key names, those that can chat first. A key for every instance gets one,
 * because a machine may have hundreds.
 */
export function modelsFor(
  names: readonly string[] | null,
  rows: readonly EditorModel[],
): [EditorModel, ...EditorModel[]] {
  const first = modelFor(names, rows);
  const others = (names ?? []).flatMap((name) => rows.find((row) => row.name === name) ?? []);
  const more = others.filter(({ name }) => name !== first.name);
  const canChat = ({ capabilities }: EditorModel): boolean => capabilities.includes('chat');
  return [first, ...more.filter(canChat), ...more.filter((model) => !canChat(model))];
}

/** The configuration of a program. @param base The address of `/v1`. */
export function editorSnippet(
  editor: Editor,
  base: string,
  key: string,
  models: readonly [EditorModel, ...EditorModel[]],
): string {
  const [{ name, capabilities }] = models;
  switch (editor) {
    case 'continue':
      return [
        'name: llamactl',
        'version: 0.0.1',
        'schema: v1',
        'models:',
        ...models.flatMap((model) => continueModel(base, key, model)),
      ].join('\n');
    case 'zed':
      return JSON.stringify(
        { language_models: { openai_compatible: { llamactl: zedProvider(base, chatting(models)) } } },
        null,
        2,
      );
    case 'vsCode':
      return JSON.stringify([vsCodeProvider(base, key, chatting(models))], null, 2);
    case 'other':
      return `Base URL: ${base}\nKey: ${key}\nModel: ${models.map((model) => model.name).join(', ')}`;
    case 'curl':
      return snippetOf('curl', {
        base,
        model: name,
        needsKey: true,
        isEmbedding: roleOf({ capabilities }) === 'embed',
      }).replace(`$${KEY_VARIABLE}`, key);
  }
}

function continueModel(base: string, key: string, model: EditorModel): string[] {
  // A name such as `on` or `7` would be no text without quotes.
  const name = JSON.stringify(model.name);
  return [
    `  - name: ${name}`,
    '    provider: openai',
    `    model: ${name}`,
    `    apiBase: ${base}`,
    `    apiKey: ${key}`,
    `    roles: [${roleOf(model)}]`,
  ];
}

/** The models for an editor that only chats: all but those for embeddings and ranks; the first one if no model is left. */
function chatting(models: readonly [EditorModel, ...EditorModel[]]): readonly EditorModel[] {
  const able = models.filter((model) => roleOf(model).startsWith('chat'));
  return able.length === 0 ? [models[0]] : able;
}

/** The roles of a model, as Continue names them. */
function roleOf({ capabilities }: Pick<EditorModel, 'capabilities'>): string {
  if (capabilities.includes('chat')) return 'chat, edit, apply';
  if (capabilities.includes('embeddings')) return 'embed';
  return capabilities.includes('rerank') ? 'rerank' : 'chat, edit, apply';
}

function zedProvider(base: string, models: readonly EditorModel[]) {
  const available = models.map(({ name, capabilities, context_size: context }) => ({
    name,
    display_name: name,
    max_tokens: context ?? USUAL_CONTEXT,
    capabilities: {
      tools: capabilities.includes('tools'),
      images: capabilities.includes('vision'),
      parallel_tool_calls: false,
      prompt_cache_key: false,
    },
  }));
  return { api_url: base, available_models: available };
}

function vsCodeProvider(base: string, key: string, models: readonly EditorModel[]) {
  return {
    name: 'llamactl',
    vendor: 'customendpoint',
    apiKey: key,
    apiType: 'chat-completions',
    models: models.map((model) => vsCodeModel(base, model)),
  };
}

function vsCodeModel(base: string, { name, capabilities, context_size: context }: EditorModel) {
  const tokens = context ?? USUAL_CONTEXT;
  const output = Math.min(MOST_OUTPUT, Math.floor(tokens / 4));
  return {
    id: name,
    name,
    url: `${base}/chat/completions`,
    toolCalling: capabilities.includes('tools'),
    vision: capabilities.includes('vision'),
    maxInputTokens: tokens - output,
    maxOutputTokens: output,
  };
}
