const HEAD = '# Generated from _async/ by `npm run generate`.\n';

/** Replacements that turn code for asyncio into blocking code. */
const WORDS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // Lines that only the asyncio version needs.
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

/** Converts a module of the asyncio client to one of the blocking client. */
export function pythonTwin(source: string): string {
  return HEAD + WORDS.reduce((text, [pattern, replacement]) => text.replaceAll(pattern, replacement), source);
}
