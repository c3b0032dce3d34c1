import type { Client, CreateInstance, Instance } from '@llamactl/client';
import { shellQuoted } from '../../format/shell-words.ts';

/**
 * The `extra_args` of an instance without those that another program has as options, or as flags that the engine lacks.
 * Engines use the last value, so such an argument would win over its option.
 *
 * @param unknown Flags of the other program that the engine lacks, with their values: `--frobnicate 3`.
 */
export async function withoutOptions(
  client: Pick<Client, 'parseEngineCommand'>,
  { engine, extra_args: words }: Pick<Instance, 'engine' | 'extra_args'>,
  { options = {}, extra_args: wanted }: Pick<CreateInstance, 'options' | 'extra_args'>,
  unknown: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (engine !== 'llama_cpp' || words.length === 0 || wanted !== undefined) return words;
  if (Object.keys(options).length === 0) return withoutTexts(words, new Set(unknown));
  const { LlamactlError } = await import('@llamactl/client');
  try {
    // The server knows all spellings of an option.
    const text = ['llama-server', ...words].map(shellQuoted).join(' ');
    const { instances } = await client.parseEngineCommand({ text }, { signal });
    const { understood = [], dropped = [] } = instances[0] ?? {};
    const own = understood.flatMap(({ text: each, path }) =>
      Object.hasOwn(options, path.replace(/^options\./, '')) && path.startsWith('options.') ? [each] : [],
    );
    const flags = new Set(own.map(flagOf));
    // Of an option that is given twice, the first one is dropped.
    const repeated = dropped.flatMap(({ text: each }) => (flags.has(flagOf(each)) ? [each] : []));
    return withoutTexts(words, new Set([...own, ...repeated, ...unknown]));
  } catch (error) {
    if (error instanceof LlamactlError) return words;
    throw error;
  }
}

function flagOf(text: string): string {
  return text.split(/[ =]/, 1)[0] ?? '';
}

/** Leaves out each run of words that makes one of the texts. An option has at most one value here. */
function withoutTexts(words: readonly string[], texts: ReadonlySet<string>): string[] {
  const left: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const [word = '', next] = words.slice(at, at + 2);
    if (next !== undefined && texts.has(`${word} ${next}`)) at += 1;
    else if (!texts.has(word)) left.push(word);
  }
  return left;
}
