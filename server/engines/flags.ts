/** One flag of an engine, as its `--help` describes it. Spellings are written as on a command line: `--ctx-size`, `-c`. */
export interface FlagEntry {
  /** What turns the flag on or takes its value, long spellings first. Never empty. */
  spellings: readonly string[];
  /** What turns it off: `--no-kv-offload`, `-nkvo`. Long spellings first. */
  negations: readonly string[];
  /** How the help names the value: `N`, `<0|1>`, `{none,linear}`; `null` for a switch. */
  placeholder: string | null;
  /** How many values follow the flag: 0 for a switch, 2 for `START END`. */
  valueCount: number;
  /** The values that are allowed, where the help lists them all. */
  allowed: readonly string[] | null;
  /** What separates the items of a list in one value; `null`: the flag does not read lists. */
  separator: ',' | ';' | null;
  /** Environment variables that do the same. */
  variables: readonly string[];
  /** For a flag that is only left to say that it was removed: what the help says to use. */
  removed: string | null;
  /** The help's text in one line, without the variables. */
  description: string;
}

/** A flag found by one of its spellings. */
export interface FlagMatch {
  entry: FlagEntry;
  /** The spelling meant, as on a command line. */
  spelling: string;
  /** True when the spelling turns the flag off. */
  negated: boolean;
}

/** Every flag of one engine. */
export interface FlagCatalogue {
  readonly entries: readonly FlagEntry[];
  /**
   * Finds a flag by a spelling with or without leading dashes, in snake_case or with dashes, with or without `no_`.
   * Case matters: `-C` and `-c` are two flags.
   */
  readonly find: (name: string) => FlagMatch | null;
  /** Finds a flag as the engine itself does: dashes count, and `_` reads as `-` only in long spellings. */
  readonly findArgument: (argument: string) => FlagMatch | null;
  /** The flag that a variable of the environment sets. */
  readonly findVariable: (name: string) => FlagEntry | null;
}

/** Head of an entry: at most four spaces, then a flag. Continuations are indented by 30 and more. */
const HEAD = /^ {0,4}(-{1,2}[A-Za-z].*)$/;
const SPELLING = /^--?[A-Za-z][\w.-]*$/;
const LISTS_OF_WORDS = /^[\w-]+(,[\w-]+)+$/;

/** A spelling without its leading dashes, with `-` for `_`: what two spellings of one name have in common. */
export function bareName(spelling: string): string {
  return spelling.replace(/^-+/, '').replaceAll('_', '-');
}

/**
 * Reads the text of `llama-server --help`. Never throws: text of another shape gives fewer entries, or none.
 *
 * An entry starts at the left edge with all its spellings, one placeholder and, after two or more spaces, the
 * description, which goes on in indented lines.
 */
export function parseHelp(help: string): FlagCatalogue {
  const blocks: { head: string; text: string[] }[] = [];
  for (const line of help.split(/\r?\n/)) {
    const head = HEAD.exec(line)?.[1];
    if (head !== undefined) blocks.push({ head, text: [] });
    else if (/^\s/.test(line)) blocks.at(-1)?.text.push(line.trim());
  }
  return catalogueOf(blocks.map(({ head, text }) => parseEntry(head, text)).filter((entry) => entry !== null));
}

function parseEntry(head: string, continuation: readonly string[]): FlagEntry | null {
  // The column of long spellings is padded after the comma of the short one; a real gap ends the spellings.
  const [left = '', ...right] = head.replace(/,\s+(?=-)/g, ', ').split(/\s{2,}/);
  const parts = left.split(', ').map((part) => /^(\S+)(?: (.+))?$/.exec(part));
  const names = parts.map((part) => part?.[1] ?? '').filter((name) => SPELLING.test(name));
  const placeholder = parts.findLast((part) => part?.[2] !== undefined)?.[2] ?? null;
  const text = [right.join(' '), ...continuation].join(' ').replace(/\s+/g, ' ').trim();
  const { spellings, negations } = splitNegations(names);
  if (spellings.length === 0) return null;
  const variables = [...text.matchAll(/\(env: ([^)]*)\)/g)].flatMap((match) => (match[1] ?? '').match(/\w+/g) ?? []);
  const description = text.replace(/\s*\(env: [^)]*\)/g, '');
  return {
    spellings: longFirst(spellings),
    negations: longFirst(negations),
    placeholder,
    valueCount: valueCount(placeholder),
    allowed: allowedValues(placeholder, description),
    separator: separatorOf(placeholder, description),
    variables,
    removed: /argument has been removed[.,]?\s*(.*)$/.exec(description)?.[1] ?? null,
    description,
  };
}

/**
 * The help lists what turns a flag on before what turns it off: `-kvo, --kv-offload, -nkvo, --no-kv-offload`. A flag
 * whose only names begin with `no` is no negation: `--no-host` has nothing to do with `--host`.
 */
function splitNegations(names: readonly string[]): { spellings: string[]; negations: string[] } {
  let first = names.findIndex((name) => name.startsWith('--no-'));
  while (first > 0 && names[first - 1]?.startsWith('-n') === true) first -= 1;
  if (first <= 0) return { spellings: [...names], negations: [] };
  return { spellings: names.slice(0, first), negations: names.slice(first) };
}

function longFirst(names: readonly string[]): string[] {
  return [...names.filter((name) => name.startsWith('--')), ...names.filter((name) => !name.startsWith('--'))];
}

function valueCount(placeholder: string | null): number {
  if (placeholder === null) return 0;
  const words = placeholder.split(' ');
  return words.every((word) => /^[A-Z][A-Z0-9_]*$/.test(word)) ? words.length : 1;
}

function allowedValues(placeholder: string | null, description: string): string[] | null {
  const choices = /^(?:\{([^{}]+)\}|\[([^[\]]*\|[^[\]]*)\]|<([^<>]*\|[^<>]*)>)$/.exec(placeholder ?? '');
  const listed = choices?.[1] ?? choices?.[2] ?? choices?.[3];
  if (listed !== undefined) return listed.split(/[,|]/).map((value) => value.trim());
  const described = /allowed values: ([\w.+-]+(?:, [\w.+-]+)*)/.exec(description)?.[1];
  return described === undefined ? null : described.split(', ');
}

function separatorOf(placeholder: string | null, description: string): ',' | ';' | null {
  if (placeholder === null) return null;
  if (/separated by\s+';'/.test(description)) return ';';
  const isList = /,\.\./.test(placeholder) || LISTS_OF_WORDS.test(placeholder) || /comma-separated/i.test(description);
  return isList ? ',' : null;
}

function catalogueOf(entries: readonly FlagEntry[]): FlagCatalogue {
  const byArgument = new Map<string, FlagMatch>();
  const byName = new Map<string, FlagMatch>();
  const byVariable = new Map<string, FlagEntry>();
  const add = (map: Map<string, FlagMatch>, key: string, match: FlagMatch): void => {
    if (!map.has(key)) map.set(key, match);
  };
  const matches = entries.flatMap((entry) => [
    ...entry.spellings.map((spelling) => ({ entry, spelling, negated: false })),
    ...entry.negations.map((spelling) => ({ entry, spelling, negated: true })),
  ]);
  for (const match of matches) add(byArgument, match.spelling, match);
  // A long spelling wins over a short one of the same letters.
  for (const match of matches) if (match.spelling.startsWith('--')) add(byName, bareName(match.spelling), match);
  for (const match of matches) add(byName, bareName(match.spelling), match);
  for (const entry of entries) for (const variable of entry.variables) byVariable.set(variable, entry);

  const find = (name: string): FlagMatch | null => {
    const bare = bareName(name);
    const exact = byName.get(bare);
    if (exact !== undefined) return exact;
    const opposite = bare.startsWith('no-') ? byName.get(bare.slice(3)) : undefined;
    return opposite === undefined ? null : { ...opposite, negated: !opposite.negated };
  };
  const findArgument = (argument: string): FlagMatch | null =>
    byArgument.get(argument.startsWith('--') ? argument.replaceAll('_', '-') : argument) ?? null;
  return { entries, find, findArgument, findVariable: (name) => byVariable.get(name) ?? null };
}
