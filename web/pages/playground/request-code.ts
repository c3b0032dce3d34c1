import type { ChatRequest } from '@llamactl/client';

/** A program that sends the request of an answer. */
export type CodeKind = 'curl' | 'python' | 'typescript' | 'raw';

export const CODE_KINDS = ['curl', 'python', 'typescript', 'raw'] as const satisfies readonly CodeKind[];

/** The request, and where it goes. */
export interface RequestCode {
  /** Address of the server, without a slash at the end. */
  address: string;
  body: ChatRequest;
  /** Whether a key is needed. The code reads it from `LLAMACTL_KEY`, so that no secret stands in it. */
  needsKey: boolean;
}

/** Longest text of an image that the code shows. */
const SHOWN_DATA = 64;

/** Returns code that sends a request. Images are shortened. */
export function requestCode(kind: CodeKind, { address, body, needsKey }: RequestCode): string {
  const url = `${address}/v1`;
  const json = JSON.stringify(body, shortened, 2);
  switch (kind) {
    case 'raw':
      return json;
    case 'curl':
      return [
        `curl -N ${shellQuoted(`${url}/chat/completions`)} \\`,
        `  -H 'content-type: application/json' \\`,
        ...(needsKey ? ['  -H "authorization: Bearer $LLAMACTL_KEY" \\'] : []),
        `  -d ${shellQuoted(json)}`,
      ].join('\n');
    case 'python':
      return pythonCode(url, body, needsKey);
    case 'typescript':
      return [
        `import OpenAI from 'openai';`,
        '',
        `const client = new OpenAI({ baseURL: ${JSON.stringify(url)}, apiKey: ${needsKey ? 'process.env.LLAMACTL_KEY' : "'none'"} });`,
        `const stream = await client.chat.completions.create(${json});`,
        `for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '');`,
      ].join('\n');
  }
}

/** Fields that the Python library of OpenAI does not know go into `extra_body`. */
const KNOWN = new Set([
  'model',
  'messages',
  'temperature',
  'top_p',
  'max_tokens',
  'seed',
  'stop',
  'stream',
  'stream_options',
]);

function pythonCode(url: string, body: ChatRequest, needsKey: boolean): string {
  const fields = Object.entries(body);
  const known = fields.filter(([name]) => KNOWN.has(name));
  const extra = fields.filter(([name]) => !KNOWN.has(name));
  const lines = known.map(([name, value]) => `    ${name}=${pythonOf(value)},`);
  if (extra.length > 0) lines.push(`    extra_body=${pythonOf(Object.fromEntries(extra))},`);
  return [
    ...(needsKey ? ['import os', ''] : []),
    'from openai import OpenAI',
    '',
    `client = OpenAI(base_url=${JSON.stringify(url)}, api_key=${needsKey ? 'os.environ["LLAMACTL_KEY"]' : '"none"'})`,
    'stream = client.chat.completions.create(',
    ...lines,
    ')',
    'for chunk in stream:',
    '    if chunk.choices:',
    '        print(chunk.choices[0].delta.content or "", end="", flush=True)',
  ].join('\n');
}

/** A JSON value as Python. JSON texts are Python texts. */
function pythonOf(value: unknown): string {
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (value === null || value === undefined) return 'None';
  if (Array.isArray(value)) return `[${value.map(pythonOf).join(', ')}]`;
  if (typeof value === 'object') {
    return `{${Object.entries(value)
      .map(([name, each]) => `${JSON.stringify(name)}: ${pythonOf(each)}`)
      .join(', ')}}`;
  }
  return JSON.stringify(shortened('', value));
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function shortened(_name: string, value: unknown): unknown {
  const isImage = typeof value === 'string' && value.startsWith('data:') && value.length > SHOWN_DATA;
  return isImage ? `${value.slice(0, SHOWN_DATA)}…` : value;
}
