import type { FleetAction } from '@llamactl/contract/fleet';
import type { CreateInstance } from '@llamactl/contract/instance';
import type { InstanceState } from '../life/lifecycle.ts';
import type { InstanceRecord, Settings, WantedEdit } from '../ports/instance-record.ts';
import type { StoredInstance } from '../ports/instance-store.ts';
import type { LaunchPlan } from '../ports/runs.ts';
import { recordChanges } from '../settings/setting-changes.ts';
import { maskedVariables, newSettings, wantedSettings } from '../settings/settings.ts';
import { hasRunAhead, isUp, launchedPlan } from '../life/transitions.ts';
import { isRestartRequired, isSamePlan } from '../instance-view.ts';

/** The step that makes one instance match its entry. */
export interface FleetMove<Present extends StoredInstance> {
  /** Index of the entry in the document. */
  entry: number;
  name: string;
  action: Exclude<FleetAction, 'remove'>;
  changes: string[];
  warnings: string[];
  edit: WantedEdit;
  /** The instance, and its record when the plan was made; `null`: the move creates the instance. */
  present: { instance: Present; record: InstanceRecord } | null;
}

/** An entry beside the record of its instance. Both never change, so that a comparison is made once for several plans. */
interface Comparison {
  entry: CreateInstance;
  record: InstanceRecord;
  edit: WantedEdit;
  /** The settings that differ, and the port. */
  changes: string[];
}

/** The newest comparison of each entry. */
export type Comparisons = Map<CreateInstance, Comparison>;

/** Returns the launch plan of a record; `null`: its engine is not configured. */
type PlanOf = (record: InstanceRecord) => LaunchPlan | null;

/**
 * Returns the moves that make the instances match the entries, in the order of the entries. An entry is complete: settings
 * that it leaves out get their defaults. Without a `port` an instance keeps its port, unless another entry names that
 * port; then llamactl chooses another.
 *
 * @param kept Comparisons of earlier plans for the same entries; this function adds its own. Default: none.
 */
export function planFleet<Present extends StoredInstance>(
  entries: readonly CreateInstance[],
  instances: readonly Present[],
  planOf: PlanOf,
  kept: Comparisons = new Map(),
): FleetMove<Present>[] {
  const byName = new Map(instances.map((instance) => [instance.record.name.toLowerCase(), instance]));
  const named = new Set(entries.flatMap(({ port }) => port ?? []));
  return entries.map((entry, index) => {
    const instance = byName.get(entry.name.toLowerCase());
    if (instance === undefined) return creation(entry, index);
    return alteration(index, instance, compared(entry, instance.record, named, kept), planOf);
  });
}

/** The instances that no entry names, in the order of `instances`. */
export function unnamed<Present extends StoredInstance>(
  entries: readonly CreateInstance[],
  instances: readonly Present[],
): Present[] {
  const names = new Set(entries.map(({ name }) => name.toLowerCase()));
  return instances.filter(({ record }) => !names.has(record.name.toLowerCase()));
}

/** The entry that describes an existing instance. */
export function entryOf({ name, port, portAssigned, settings }: InstanceRecord): CreateInstance {
  const defaults: Partial<Settings> = newSettings({});
  // Always name the engine: the default engine may change one day.
  const isNamed = ([key, value]: [string, unknown]): boolean =>
    key === 'engine' || JSON.stringify(value) !== JSON.stringify(defaults[key as keyof Settings]);
  const named: Partial<Settings> = Object.fromEntries(Object.entries(newSettings(settings)).filter(isNamed));
  // Another machine may have the model elsewhere.
  if (named.model !== undefined) delete named.model_path;
  delete named.companions;
  return { name, ...(portAssigned ? {} : { port }), ...named };
}

function creation(entry: CreateInstance, index: number): FleetMove<never> {
  const settings = wantedSettings(entry, null);
  const warnings = maskedVariables(settings).map(
    (variable) => `environment.${variable} is "***", the mask of a hidden value, but no value is stored to keep`,
  );
  const edit = { settings, port: entry.port ?? null, portAssigned: entry.port === undefined };
  return { entry: index, name: entry.name, action: 'create', changes: [], warnings, edit, present: null };
}

/** Returns how an entry differs from the record of its instance. */
function compared(
  entry: CreateInstance,
  record: InstanceRecord,
  named: ReadonlySet<number>,
  kept: Comparisons,
): Comparison {
  const known = kept.get(entry);
  if (known?.record === record) return known;
  const settings = wantedSettings(entry, record.settings);
  const keptPort = named.has(record.port) ? null : record.port;
  const edit = { settings, port: entry.port ?? keptPort, portAssigned: entry.port === undefined };
  const changes = recordChanges({ ...record, settings: newSettings(record.settings) }, edit);
  const comparison = { entry, record, edit, changes };
  kept.set(entry, comparison);
  return comparison;
}

function alteration<Present extends StoredInstance>(
  index: number,
  instance: Present,
  { entry, record, edit, changes }: Comparison,
  planOf: PlanOf,
): FleetMove<Present> {
  const { state } = instance;
  const isChanged = changes.length > 0;
  // Plan only if needed: it takes longer than the rest of a move.
  const plan = isChanged || isUp(state) ? planOf({ ...record, ...edit, port: edit.port ?? 0 }) : null;
  const isRestart = isChanged && needsRestart(state, planOf(record), plan);
  const isBehind = !isRestart && isUp(state) && isRestartRequired(state, plan);
  const warnings = [
    ...(entry.name === record.name
      ? []
      : [`it keeps the name ${record.name}: only a rename changes a name, and its case`]),
    ...(isBehind ? ['its engine runs with older settings until it is restarted'] : []),
  ];
  const action = !isChanged ? 'nothing' : isRestart ? 'restart' : 'change';
  return { entry: index, name: record.name, action, changes, warnings, edit, present: { instance, record } };
}

/** Whether the launch plan changes, and the engine does not already run with the new one. */
function needsRestart(state: InstanceState, before: LaunchPlan | null, after: LaunchPlan | null): boolean {
  if (!hasRunAhead(state) || isSame(before, after)) return false;
  return !isUp(state) || launchedPlan(state) === null || isRestartRequired(state, after);
}

function isSame(one: LaunchPlan | null, other: LaunchPlan | null): boolean {
  return one === null ? other === null : isSamePlan(one, other);
}
