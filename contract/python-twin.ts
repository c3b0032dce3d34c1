const HEAD = '# Generated from _async/ by `npm run generate`.\n';

/** What the words of asyncio are without it. */
const WORDS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // A line that only waiting needs.
  [/^.*# async only\n/gm, ''],
  [/\basync (def|with|for)\b/g, '$1'],
  [/\bawait /g, ''],
  [/\bAsyncGenerator\[(.*), None\]/g, 'Generator[$1, None, None]'],
  [/\bAsyncGenerator\b/g, 'Generator'],
  [/\bAsyncToken as Token\b/g, 'Token'],
  [/\bAsyncClient\b/g, 'Client'],
  [/\bAsyncStream\b/g, 'Stream'],
  [/\b__a(enter|exit)__\b/g, '__$1__'],
  [/\ba(close|closing|iter_bytes)\b/g, '$1'],
  [/^import asyncio\n/gm, ''],
  [/\basyncio\.sleep\b/g, 'time.sleep'],
  [/\bfor asyncio\b/g, 'that blocks'],
  [/; `_sync` is made from it by `npm run generate`/g, ''],
];

/** A module of the Python client for asyncio, as one that blocks. */
export function pythonTwin(source: string): string {
  return HEAD + WORDS.reduce((text, [pattern, replacement]) => text.replaceAll(pattern, replacement), source);
}
