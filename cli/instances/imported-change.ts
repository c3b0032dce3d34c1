import type { Client, CreateInstance, Instance, UpdateInstance } from '@llamactl/client';
import { attempted, type Attempt } from './tried-create.ts';

/** The difference between an instance and the settings that another program has for it. */
export interface ImportedChange extends Attempt {
  /** In words: `ctx_size 4096 → 1024`. Variables, long values and secrets without their values. */
  differences: string[];
  /** Settings of the instance that the other program lacks, so that they stay: `cache_type_k`, `group`. */
  kept: string[];
  /** The change was made, now or before, and the running engine uses it only after a restart. */
  needsRestart: boolean;
}

interface ChangeSession {
  client: Pick<Client, 'getInstance' | 'updateInstance'>;
  signal: AbortSignal;
}

/**
 * Compares an instance with the settings of another program, and changes it with `isMade`. Settings that the other program
 * lacks stay, and so do aliases. The server compares, so options with two spellings and defaults count as one.
 *
 * @param name The instance, which exists.
 */
export async function importedChange(
  { client, signal }: ChangeSession,
  name: string,
  wanted: Omit<CreateInstance, 'name'>,
  isMade: boolean,
): Promise<ImportedChange> {
  const before = await client.getInstance(name, { signal });
  const patch = patchOf(before, wanted);
  const { answer, ...tried } = await attempted(() => client.updateInstance(name, patch, { signal, dry_run: true }));
  const after = answer?.instance ?? before;
  const differences = (answer?.preview?.changes ?? []).flatMap((setting) => differenceText(setting, before, after));
  const kept = keptSettings(before, wanted);
  const idle = { ...tried, differences, kept, needsRestart: isMade && before.restart_required };
  if (!isMade || tried.error !== null || differences.length === 0) return idle;
  const { answer: made, ...done } = await attempted(() => client.updateInstance(name, patch, { signal }));
  return { ...done, differences, kept, needsRestart: made?.restart_required ?? false };
}

/** Settings with a default that says nothing, so that another value came from somewhere. */
const NAMED_IF_KEPT = [
  'group',
  'pinned',
  'unlisted',
  'idle_timeout',
  'concurrency',
  'extra_args',
  'upstream_model',
  'request_strip',
  'request_defaults',
] as const;

/** The settings that an instance has and the other program lacks: taken out there, or added here. */
function keptSettings(before: Instance, wanted: Omit<CreateInstance, 'name'>): string[] {
  const { options = {}, environment = {}, aliases = [] } = wanted;
  return [
    ...Object.keys(before.options).filter((key) => !Object.hasOwn(options, key)),
    ...NAMED_IF_KEPT.filter((key) => wanted[key] === undefined && hasContent(before[key])),
    ...Object.keys(before.environment)
      .filter((key) => !Object.hasOwn(environment, key))
      .map((key) => `environment.${key}`),
    ...before.aliases.filter((alias) => !aliases.includes(alias)).map((alias) => `alias ${alias}`),
  ];
}

function hasContent(value: unknown): boolean {
  return typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : Boolean(value);
}

/** The end of a line about an instance that exists: `exists; differs: ctx_size 4096 → 1024`. */
export function changeText(
  { differences, kept }: Pick<ImportedChange, 'differences' | 'kept'>,
  isUpdate: boolean,
  isDryRun: boolean,
): string {
  const stays = kept.length === 0 ? '' : `; stays, and is not there: ${kept.join(', ')}`;
  if (differences.length === 0) return `exists already${stays}`;
  const verb = isUpdate ? (isDryRun ? 'would be updated' : 'updated') : 'exists; differs';
  return `${verb}: ${differences.join(', ')}${stays}`;
}

function patchOf({ name, model_path: file, aliases }: Instance, wanted: Omit<CreateInstance, 'name'>): UpdateInstance {
  const { model_path: path, aliases: others = [], ...rest } = wanted;
  const added = others.filter((alias) => alias !== name && !aliases.includes(alias));
  return {
    ...rest,
    // An instance with this file may have it by the name of the model, which then stays.
    ...(path !== undefined && path !== file && { model_path: path }),
    ...(added.length > 0 && { aliases: [...aliases, ...added] }),
  };
}

/** Longer values are not shown. */
const LONGEST_VALUE = 80;
/** Settings whose values may be secret or long. */
const NAME_ALONE = /^(?:environment|command|extra_args|system_prompt|request_defaults)\b/;

/** The words for a changed setting; none, if only an order or an explicit default changed. */
function differenceText(setting: string, before: Instance, after: Instance): string[] {
  if (setting === 'options') return [];
  if (NAME_ALONE.test(setting)) return [setting];
  const label = setting.replace(/^options\./, '');
  const [old, now] = [valueText(before, setting), valueText(after, setting)];
  if ([old, now].some((text) => text === '***' || text.length > LONGEST_VALUE)) return [label];
  return old === now ? [] : [`${label} ${old} → ${now}`];
}

function valueText(instance: Instance, setting: string): string {
  const key = setting.replace(/^options\./, '');
  const values = new Map<string, unknown>(Object.entries(key === setting ? instance : instance.options));
  const value = values.get(key);
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return 'unset';
  if (Array.isArray(value)) return value.join(' ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
