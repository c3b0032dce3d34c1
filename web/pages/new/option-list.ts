import type { EngineOption, JsonValue } from '@llamactl/client';

/** Which options the form shows. */
export const OPTION_VIEWS = ['basic', 'changed', 'all'] as const;
export type OptionView = (typeof OPTION_VIEWS)[number];

/** Options that most people set: of llama-server, then of vLLM and others. */
const BASIC: readonly string[] = [
  'ctx_size',
  'n_gpu_layers',
  'gpu_layers',
  'threads',
  'parallel',
  'flash_attn',
  'cache_type_k',
  'cache_type_v',
  'batch_size',
  'ubatch_size',
  'n_cpu_moe',
  'device',
  'tensor_split',
  'mmproj',
  'jinja',
  'reasoning_budget',
  'embedding',
  'embeddings',
  'temp',
  'top_p',
  'max_model_len',
  'gpu_memory_utilization',
  'tensor_parallel_size',
  'dtype',
  'quantization',
];

/** An option of the list, and the name under which it is set. */
export interface OptionEntry {
  /** The key in `options`: that of the engine, or another name that the engine accepts too. */
  key: string;
  /** `null`: the engine's list does not have it. */
  option: EngineOption | null;
}

/** The options of an engine, with the names under which they are set. Options that the list does not have come first. */
export function optionEntries(
  options: readonly EngineOption[],
  set: Readonly<Record<string, JsonValue>>,
): OptionEntry[] {
  const used = new Set<string>();
  const entries = options.map((option): OptionEntry => {
    const key = [option.key, ...option.flags.map(keyOfFlag)].find((each) => Object.hasOwn(set, each)) ?? option.key;
    used.add(key);
    return { key, option };
  });
  const unknown = Object.keys(set).filter((key) => !used.has(key));
  return [...unknown.map((key) => ({ key, option: null })), ...entries];
}

function keyOfFlag(flag: string): string {
  return flag.replace(/^-+/, '').replaceAll('-', '_');
}

/**
 * Filters options. A search looks at all of them: names before descriptions.
 *
 * @param changed Keys that are set, or have changed.
 */
export function shownOptions(
  entries: readonly OptionEntry[],
  view: OptionView,
  search: string,
  changed: ReadonlySet<string>,
): OptionEntry[] {
  const words = search
    .toLowerCase()
    .split(/[\s_-]+/)
    .filter((word) => word !== '');
  if (words.length > 0) {
    const inName = (entry: OptionEntry): boolean => words.every((word) => nameOf(entry).includes(word));
    const found = entries.filter((entry) => words.every((word) => textOf(entry).includes(word)));
    return [...found.filter(inName), ...found.filter((entry) => !inName(entry))];
  }
  if (view === 'all') return [...entries];
  if (view === 'changed') return entries.filter(({ key }) => changed.has(key));
  const basic = entries.filter((entry) => basicRank(entry) !== -1);
  // An engine of which we know no basic options.
  if (basic.length === 0) return [...entries];
  const others = entries.filter((entry) => basicRank(entry) === -1 && changed.has(entry.key));
  return [...others, ...basic.toSorted((one, other) => basicRank(one) - basicRank(other))];
}

/** The place among the basic options; -1: it is none. */
function basicRank({ option }: OptionEntry): number {
  return option === null ? -1 : BASIC.indexOf(option.key);
}

function nameOf({ key, option }: OptionEntry): string {
  return [key, ...(option?.flags ?? [])].join(' ').toLowerCase();
}

function textOf(entry: OptionEntry): string {
  return `${nameOf(entry)} ${entry.option?.group ?? ''} ${entry.option?.description ?? ''}`.toLowerCase();
}

/** The kinds of values as the form writes them. `any`: the engine has no list. */
export type OptionKind = EngineOption['type'] | 'any';

/** Reads what a person has typed; `undefined`: nothing, so the default counts. The server judges the value. */
export function optionValue(text: string, kind: OptionKind): JsonValue | undefined {
  if (kind === 'list') {
    const items = text.split('\n').map((line) => line.trim());
    const filled = items.filter((item) => item !== '');
    return filled.length === 0 ? undefined : filled.map(numberOr);
  }
  const word = text.trim();
  if (word === '') return undefined;
  if (kind === 'switch' || kind === 'any') {
    if (['true', 'on'].includes(word) && (kind === 'switch' || word === 'true')) return true;
    if (['false', 'off'].includes(word) && (kind === 'switch' || word === 'false')) return false;
  }
  return kind === 'number' || kind === 'any' ? numberOr(word) : text;
}

/** A number, unless it would lose digits. */
function numberOr(text: string): string | number {
  if (!/^-?(?:0|[1-9]\d*)(?:\.\d+)?$/.test(text)) return text;
  const number = Number(text);
  return String(number) === text ? number : text;
}

/** Writes a value for its control. */
export function optionText(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return value.map((item) => optionText(item)).join('\n');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
