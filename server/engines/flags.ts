/** One flag of an engine, as its `--help` describes it. Spellings have their dashes: `--ctx-size`, `-c`. */
export interface FlagEntry {
  /** Spellings that turn the flag on or take its value, long ones first. Never empty. */
  spellings: readonly string[];
  /** Spellings that turn it off: `--no-kv-offload`, `-nkvo`. Long ones first. */
  negations: readonly string[];
  /** The help's name for the value: `N`, `<0|1>`, `{none,linear}`; `null` for a switch. */
  placeholder: string | null;
  /** How many values follow the flag: 0 for a switch, 2 for `START END`. */
  valueCount: number;
  /** The allowed values, if the help lists them all. */
  allowed: readonly string[] | null;
  /** Separator of list items in one value; `null`: the flag takes no lists. */
  separator: ',' | ';' | null;
  /** Environment variables that set the flag. */
  variables: readonly string[];
  /**
   * The replacement that the help names for a flag that was removed but is still listed; `null`: the flag was not
   * removed.
   */
  removed: string | null;
  /** The help's text on one line, without the variables. */
  description: string;
  /** The default as the description words it, without quotes; `null`: not given. */
  default: string | null;
  /** The section of the help: `common` under the heading `----- common params -----`; `null`: none. */
  group: string | null;
}

/** A flag found by one of its spellings. */
export interface FlagMatch {
  entry: FlagEntry;
  /** The matching spelling, with its dashes. */
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
  /** Finds a flag as the engine does: dashes matter, and `_` means `-` only in long spellings. */
  readonly findArgument: (argument: string) => FlagMatch | null;
  /** The flag that an environment variable sets. */
  readonly findVariable: (name: string) => FlagEntry | null;
}

/** Head of an entry: at most four spaces, then a flag. Continuations are indented by 30 spaces or more. */
const HEAD = /^ {0,4}(-{1,2}[A-Za-z].*)$/;
/** Heading of a section. */
const SECTION = /^-{3,} (.+?)(?: params)? -{3,}$/;
const SPELLING = /^--?[A-Za-z][\w.-]*$/;
const LISTS_OF_WORDS = /^[\w-]+(,[\w-]+)+$/;

/** A spelling without leading dashes and with `-` for `_`, for comparing spellings of one name. */
export function bareName(spelling: string): string {
  return spelling.replace(/^-+/, '').replaceAll('_', '-');
}

/**
 * Parses the text of `llama-server --help`. Never throws: text in another format gives fewer entries, or none.
 *
 * An entry starts at the left edge with all its spellings and one placeholder. Its description begins after two or more
 * spaces, and continues in indented lines.
 */
export function parseHelp(help: string): FlagCatalogue {
  const blocks: Block[] = [];
  let group: string | null = null;
  for (const line of help.split(/\r?\n/)) {
    const head = HEAD.exec(line)?.[1];
    group = SECTION.exec(line)?.[1] ?? group;
    if (head !== undefined) blocks.push({ head, text: [], group });
    else if (/^\s/.test(line)) blocks.at(-1)?.text.push(line.trim());
  }
  return catalogueOf(blocks.map(parseEntry).filter((entry) => entry !== null));
}

/** The lines of one entry. */
interface Block {
  head: string;
  /** Continuations, trimmed. */
  text: string[];
  group: string | null;
}

function parseEntry({ head, text: continuation, group }: Block): FlagEntry | null {
  // Padding after the comma of a short spelling aligns the long ones; any other gap ends the spellings.
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
    default: defaultValue(description),
    group,
  };
}

/**
 * The help lists spellings that turn a flag on before those that turn it off:
 * `-kvo, --kv-offload, -nkvo, --no-kv-offload`. A flag whose names all begin with `no` is no negation: `--no-host` is
 * unrelated to `--host`.
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

/**
 * Reads `(default: 0, 0 = loaded from model)` as `0`, and `(default: GET, POST)` completely. An explanation after the value
 * begins with a comma, a semicolon, a bracket, `=` or `-`.
 */
function defaultValue(description: string): string | null {
  const [, text = ''] = /\bdefault:\s*([^()]*)/.exec(description) ?? [];
  const [first = '', ...more] = text.split(/,\s|;\s|\s[=-]\s/).map((part) => part.trim());
  const isList = more.every((item) => /^[A-Z]+$/.test(item));
  const value = (isList ? [first, ...more].join(', ') : first).replace(/^(['"])(.*)\1$/, '$2');
  return value === '' ? null : value;
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
  // A long spelling wins over a short one with the same letters.
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
