import type { Client, CreateInstance, Instance, UpdateInstance } from '@llamactl/client';
import { shellQuoted } from '../../format/shell-words.ts';
import { withoutOptions } from './arguments-as-options.ts';
import { unset } from './instance-settings.ts';
import { attempted, type Attempt } from './tried-create.ts';

/** The difference between an instance and the settings that another program has for it. */
export interface ImportedChange extends Attempt {
  /** In words: `ctx_size 4096 → 1024`. Variables, long values and secrets without their values. */
  differences: string[];
  /** Settings of the instance that the other program lacks, so that they stay: `cache_type_k`, `group`. */
  kept: string[];
  /** The command that removes these; `null`: nothing stays. */
  removal: string | null;
  /** The change was made, now or before, and the running engine uses it only after a restart. */
  needsRestart: boolean;
}

interface ChangeSession {
  client: Pick<Client, 'getInstance' | 'updateInstance' | 'parseEngineCommand'>;
  signal: AbortSignal;
}

type Wanted = Omit<CreateInstance, 'name'>;

/** How an import changes an instance. */
export interface ChangeOptions {
  isMade: boolean;
  /**
   * The other program has fields that requests get with its value, in `request_strip` and `request_defaults`. Those that
   * it has no more are removed from both: one of the two alone would mean something else.
   */
  forcesFields?: boolean;
  /** All settings of the other program, also those that are not sent. Default: those that are sent. */
  all?: Wanted;
  /** Removes what the other program lacks. Default: it stays, and is named. */
  isExact?: boolean;
  /** Aliases that the instance loses, because the other program gives them to other models. */
  leaving?: readonly string[];
  /** Flags of the other program that the engine lacks. An instance loses them from its arguments. */
  unknown?: readonly string[];
  /** Groups of the other program: an instance leaves one that it no longer has there. Default: it stays in its group. */
  groups?: ReadonlySet<string>;
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
  wanted: Wanted,
  {
    isMade,
    forcesFields = false,
    all = wanted,
    isExact = false,
    leaving = [],
    unknown = [],
    groups = new Set(),
  }: ChangeOptions,
): Promise<ImportedChange> {
  const found = await client.getInstance(name, { signal });
  const before = { ...found, aliases: found.aliases.filter((alias) => !leaving.includes(alias)) };
  const gone = forcesFields ? goneFields(before, wanted) : [];
  const isLeft = all.group === undefined && before.group !== undefined && groups.has(before.group);
  const left = await withoutOptions(client, before, all, unknown, signal);
  const isFreed = left.length < before.extra_args.length;
  const lacking = keptSettings({ ...before, extra_args: [...left] }, all, gone).filter(
    ({ key }) => !isLeft || key !== 'group',
  );
  const added = {
    ...(isFreed && { extra_args: left.length === 0 ? null : [...left] }),
    ...patchOf(before, wanted, gone),
    ...(isLeft && { group: null }),
  };
  const patch = isExact ? exactPatch(before, all, added, lacking) : added;
  const { answer, ...tried } = await attempted(() => client.updateInstance(name, patch, { signal, dry_run: true }));
  const after = answer?.instance ?? before;
  const differences = (answer?.preview?.changes ?? []).flatMap((setting) =>
    isFreed && setting === 'extra_args' ? [FREED] : differenceTexts(setting, before, after),
  );
  const kept = isExact ? [] : lacking;
  const staying = { kept: kept.map(({ label }) => label), removal: removalOf(before, all, kept, isMade) };
  const idle = { ...tried, differences, ...staying, needsRestart: isMade && before.restart_required };
  if (!isMade || tried.error !== null || differences.length === 0) return idle;
  const { answer: made, ...done } = await attempted(() => client.updateInstance(name, patch, { signal }));
  return { ...done, differences, ...staying, needsRestart: made?.restart_required ?? false };
}

/** The fields that requests get with a value of the instance, and that the other program no longer sets. */
function goneFields({ request_strip: strip, request_defaults: fields }: Instance, wanted: Wanted): string[] {
  return strip.filter((field) => Object.hasOwn(fields, field) && !Object.hasOwn(wanted.request_defaults ?? {}, field));
}

/** Says that arguments became options. */
const FREED = 'extra_args → options';

/** Settings with a default that says nothing, so that another value came from somewhere. */
const NAMED_IF_KEPT = [
  'group',
  'pinned',
  'unlisted',
  'idle_timeout',
  'concurrency',
  'extra_args',
  'upstream_model',
] as const;

interface Kept {
  label: string;
  /** As `llamactl update --unset` takes it; `null`: an alias. */
  key: string | null;
}

/** The settings that an instance has and the other program lacks: taken out there, or added here. */
function keptSettings(before: Instance, wanted: Wanted, gone: readonly string[]): Kept[] {
  const { options = {}, environment = {}, request_defaults: fields = {}, aliases = [] } = wanted;
  const lacking = (present: object, those: object): string[] =>
    Object.keys(present).filter((key) => !Object.hasOwn(those, key));
  const plain = (key: string): Kept => ({ label: key, key });
  const isStripKept = wanted.request_strip === undefined && before.request_strip.some((field) => !gone.includes(field));
  return [
    ...lacking(before.options, options).map((key) => ({ label: key, key: `options.${key}` })),
    ...NAMED_IF_KEPT.filter((key) => wanted[key] === undefined && hasContent(before[key])).map(plain),
    ...(isStripKept ? [plain('request_strip')] : []),
    ...lacking(before.request_defaults, fields).flatMap((key) =>
      gone.includes(key) ? [] : [plain(`request_defaults.${key}`)],
    ),
    ...lacking(before.environment, environment).map((key) => plain(`environment.${key}`)),
    ...before.aliases.flatMap((alias) => (aliases.includes(alias) ? [] : [{ label: `alias ${alias}`, key: null }])),
  ];
}

/** A change that also removes settings. */
function exactPatch(
  { name }: Instance,
  { aliases = [] }: Wanted,
  patch: UpdateInstance,
  lacking: readonly Kept[],
): UpdateInstance {
  const removed = unset(lacking.flatMap(({ key }) => (key === null ? [] : [key])));
  const { options, environment, request_defaults: fields } = patch;
  const isAliasGone = lacking.some(({ key }) => key === null);
  return {
    ...removed,
    ...patch,
    ...within('options', removed.options, options),
    ...within('environment', removed.environment, environment),
    ...within('request_defaults', removed.request_defaults, fields),
    ...(removed.request_strip === null && { request_strip: null }),
    ...(isAliasGone && { aliases: aliases.filter((alias) => alias !== name) }),
  };
}

/** The removed and the changed entries of one setting; nothing, if there are none. */
function within(setting: string, removed: object | null | undefined, changed: object | null | undefined): object {
  const entries = { ...removed, ...changed };
  return Object.keys(entries).length === 0 ? {} : { [setting]: entries };
}

/** The command that removes what stays. An update replaces all aliases, so it names those that remain. */
function removalOf(
  { name, aliases }: Instance,
  { aliases: others = [] }: Wanted,
  kept: readonly Kept[],
  isMade: boolean,
): string | null {
  if (kept.length === 0) return null;
  const remaining = others.filter((alias) => alias !== name && (isMade || aliases.includes(alias)));
  const ofAliases = remaining.length === 0 ? ['--unset', 'aliases'] : remaining.flatMap((alias) => ['--alias', alias]);
  const words = [
    'llamactl',
    'update',
    name,
    ...kept.flatMap(({ key }) => (key === null ? [] : ['--unset', key])),
    ...(kept.some(({ key }) => key === null) ? ofAliases : []),
  ];
  return words.map(shellQuoted).join(' ');
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
  const stays = kept.length === 0 ? '' : `; stays, although the file no longer has it: ${kept.join(', ')}`;
  if (differences.length === 0) return `exists already${stays}`;
  const verb = isUpdate ? (isDryRun ? 'would be updated' : 'updated') : 'exists; differs';
  return `${verb}: ${differences.join(', ')}${stays}`;
}

function patchOf(before: Instance, wanted: Wanted, gone: readonly string[]): UpdateInstance {
  const { name, model_path: file, aliases, request_strip: strip } = before;
  const { model_path: path, aliases: others = [], request_defaults: fields, ...rest } = wanted;
  const added = others.filter((alias) => alias !== name && !aliases.includes(alias));
  const left = strip.filter((field) => !gone.includes(field));
  const defaults = { ...Object.fromEntries(gone.map((field) => [field, null])), ...fields };
  return {
    ...(gone.length > 0 && { request_strip: left.length === 0 ? null : left }),
    ...rest,
    ...(Object.keys(defaults).length > 0 && { request_defaults: defaults }),
    // An instance with this file may have it by the name of the model, which then stays.
    ...(path !== undefined && path !== file && { model_path: path }),
    ...(added.length > 0 && { aliases: [...aliases, ...added] }),
  };
}

/** Longer values are not shown. */
const LONGEST_VALUE = 80;
/** Settings whose values may be secret or long. */
const NAME_ALONE = /^(?:environment|command|extra_args|system_prompt)\b/;

/** The words for a changed setting; none, if only an order or an explicit default changed. */
function differenceTexts(setting: string, before: Instance, after: Instance): string[] {
  if (setting === 'options') return [];
  if (NAME_ALONE.test(setting)) return [setting];
  if (setting === 'request_defaults') {
    const fields = new Set([...Object.keys(before.request_defaults), ...Object.keys(after.request_defaults)]);
    return [...fields].flatMap((field) =>
      differenceText(`${setting}.${field}`, before.request_defaults[field], after.request_defaults[field]),
    );
  }
  const key = setting.replace(/^options\./, '');
  const valueIn = (instance: Instance): unknown =>
    new Map<string, unknown>(Object.entries(key === setting ? instance : instance.options)).get(key);
  return differenceText(key, valueIn(before), valueIn(after));
}

function differenceText(label: string, before: unknown, after: unknown): string[] {
  const [old, now] = [valueText(before), valueText(after)];
  if ([old, now].some((text) => text === '***' || text.length > LONGEST_VALUE)) return [label];
  return old === now ? [] : [`${label} ${old} → ${now}`];
}

function valueText(value: unknown): string {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return 'unset';
  if (Array.isArray(value)) return value.join(' ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
