/** Ways to use an instance from a program. */
export const SNIPPETS = ['curl', 'python', 'typescript', 'openWebUi'] as const;
export type Snippet = (typeof SNIPPETS)[number];

/** The facts that the programs need. */
export interface Use {
  /** The address of `/v1`. */
  base: string;
  model: string;
  needsKey: boolean;
  /** Whether it computes vectors instead of answers. */
  isEmbedding: boolean;
}

/** Stands for the key in a program. */
export const KEY_VARIABLE = 'LLAMACTL_API_KEY';

/**
 * Returns the address of `/v1` for programs, under whatever prefix a proxy serves the page.
 *
 * @param page The address of the page.
 */
export function apiBase(page: string): string {
  return new URL('v1', new URL('.', page)).href;
}

/** Returns the program, ready to paste. */
export function snippetOf(snippet: Snippet, use: Use): string {
  switch (snippet) {
    case 'curl':
      return curl(use);
    case 'python':
      return python(use);
    case 'typescript':
      return typescript(use);
    case 'openWebUi':
      return `URL: ${use.base}\nKey: ${use.needsKey ? `a key with the right to call ${use.model}` : 'none'}\nModel: ${use.model}`;
  }
}

function curl({ base, model, needsKey, isEmbedding }: Use): string {
  const body = isEmbedding ? { model, input: 'Hello' } : { model, messages: [{ role: 'user', content: 'Hello' }] };
  return [
    `curl ${base}/${isEmbedding ? 'embeddings' : 'chat/completions'} \\`,
    ...(needsKey ? [`  -H "Authorization: Bearer $${KEY_VARIABLE}" \\`] : []),
    `  -H 'Content-Type: application/json' \\`,
    `  -d ${shellText(JSON.stringify(body))}`,
  ].join('\n');
}

function python({ base, model, needsKey, isEmbedding }: Use): string {
  const call = isEmbedding
    ? [
        `answer = client.embeddings.create(model=${JSON.stringify(model)}, input="Hello")`,
        'print(answer.data[0].embedding)',
      ]
    : [
        'answer = client.chat.completions.create(',
        `    model=${JSON.stringify(model)},`,
        '    messages=[{"role": "user", "content": "Hello"}],',
        ')',
        'print(answer.choices[0].message.content)',
      ];
  const key = needsKey ? `os.environ["${KEY_VARIABLE}"]` : '"none"';
  return [
    ...(needsKey ? ['import os', ''] : []),
    'from openai import OpenAI',
    '',
    `client = OpenAI(base_url=${JSON.stringify(base)}, api_key=${key})`,
    ...call,
  ].join('\n');
}

function typescript({ base, model, needsKey, isEmbedding }: Use): string {
  const call = isEmbedding
    ? [
        `const answer = await client.embeddings.create({ model: ${JSON.stringify(model)}, input: 'Hello' });`,
        'console.log(answer.data[0]?.embedding);',
      ]
    : [
        'const answer = await client.chat.completions.create({',
        `  model: ${JSON.stringify(model)},`,
        `  messages: [{ role: 'user', content: 'Hello' }],`,
        '});',
        'console.log(answer.choices[0]?.message.content);',
      ];
  const key = needsKey ? `process.env.${KEY_VARIABLE}` : `'none'`;
  return [
    `import OpenAI from 'openai';`,
    '',
    `const client = new OpenAI({ baseURL: ${JSON.stringify(base)}, apiKey: ${key} });`,
    ...call,
  ].join('\n');
}

function shellText(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
