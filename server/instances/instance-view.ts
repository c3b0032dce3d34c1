import {
  DEFAULT_QUEUE_LIMIT,
  type Instance,
  type LastExit,
  type InstanceMemory,
  type InstanceSummary,
  type KeptContext,
  type ModelInfo,
} from '@llamactl/contract/instance';
import type { RefusedStart } from '@llamactl/contract/refused-start';
import type { Stats } from '@llamactl/contract/stats';
import type { Abilities } from './abilities.ts';
import type { InstanceState } from './life/lifecycle.ts';
import type { InstanceRecord } from './ports/instance-record.ts';
import type { RunNeed } from './ports/machine-memory.ts';
import type { LaunchPlan } from './ports/runs.ts';
import { restartsInARow } from './life/restart-policy.ts';
import { maskedWords } from './settings/secret-words.ts';
import { currentRun, launchedPlan, livePort } from './life/transitions.ts';
import { causeOfEnd, type FailedSettings } from './why/failure-cause.ts';
import { reasonPhrase } from './why/reason-phrase.ts';

/** Data that the views need besides record and state. */
export interface ViewContext {
  /** The instance's model; `null`: unknown. */
  model: ModelInfo | null;
  /** The file that its `model` means now, if that is another; else `null`. */
  newerFile: string | null;
  /** The memory that its run holds; `null`: it has none, or its need is unknown. */
  memory: RunNeed | null;
  /** The last refused start since its status or settings changed; `null`: none. */
  refused: RefusedStart | null;
  abilities: Abilities;
  /** The plan that the current settings would launch; `null`: the configuration no longer has the engine. */
  plan: LaunchPlan | null;
  /** False: the plan is a guess, because llamactl has not yet learnt the engine's flags. */
  isLearnt: boolean;
  stats: Stats | null;
  live: LiveFields;
  /** The saved context; `null`: none. */
  context: KeptContext | null;
  defaults: { autoRestart: boolean; maxRestarts: number; idleTimeout: number };
  /** The current `Clock.elapsed`. */
  elapsed: number;
}

/** The fields that others measure, or that follow from requests and slots. */
export type LiveFields = Pick<
  InstanceSummary,
  | 'in_flight'
  | 'waiting'
  | 'tokens_per_second'
  | 'last_used_at'
  | 'waits_for'
  | 'load'
  | 'ready_at'
  | 'last_load_seconds'
>;

/** The fields of a list that record, state and live figures determine. */
export function summarize(
  record: InstanceRecord,
  state: InstanceState,
  { model, memory, refused, abilities, live }: Pick<ViewContext, 'model' | 'memory' | 'refused' | 'abilities' | 'live'>,
): Omit<InstanceSummary, 'restart_count' | 'restart_required' | 'stats'> {
  const { settings } = record;
  const reason = reasonOf(state);
  const cause = reason === null ? null : causeOfEnd(reason, settings);
  const phrase = reason === null ? null : reasonPhrase(reason, cause);
  return {
    name: record.name,
    status: state.status,
    engine: settings.engine,
    ...(settings.model === undefined ? {} : { model: settings.model }),
    ...(settings.model_path === undefined ? {} : { model_path: settings.model_path }),
    model_info: model,
    ...abilities,
    port: record.port,
    running_port: livePort(state),
    aliases: settings.aliases,
    unlisted: settings.unlisted,
    on_demand: settings.on_demand ?? true,
    ...(settings.group === undefined ? {} : { group: settings.group }),
    pinned: settings.pinned ?? false,
    in_flight: live.in_flight,
    waiting: live.waiting,
    tokens_per_second: live.tokens_per_second,
    last_used_at: live.last_used_at,
    waits_for: live.waits_for,
    load: live.load,
    ready_at: live.ready_at,
    last_load_seconds: live.last_load_seconds,
    reason,
    ...(cause === null ? {} : { cause }),
    ...(phrase === null ? {} : { phrase }),
    refused,
    ...(memory === null ? {} : { memory: memoryView(memory) }),
    started_at: startOf(state),
    created_at: record.createdAt,
    updated_at: record.updatedAt,
  };
}

/** An instance as the API shows it in full. */
export function describe(record: InstanceRecord, state: InstanceState, surroundings: ViewContext): Instance {
  const { settings } = record;
  const run = currentRun(state);
  const launched = launchedPlan(state);
  const { plan, isLearnt, stats, defaults, elapsed, newerFile } = surroundings;
  return {
    ...summarize(record, state, surroundings),
    ...(newerFile === null ? {} : { newer_model_path: newerFile }),
    // `pid` and `stats` are both `null`, or both set: a dead process counts as gone before its end is reported.
    pid: stats === null ? null : (run?.identity?.pid ?? null),
    options: settings.options,
    extra_args: settings.extra_args,
    environment: settings.environment,
    ...(settings.command === undefined ? {} : { command: settings.command }),
    ...(settings.health_path === undefined ? {} : { health_path: settings.health_path }),
    auto_start: settings.auto_start,
    auto_restart: settings.auto_restart ?? defaults.autoRestart,
    max_restarts: settings.max_restarts ?? defaults.maxRestarts,
    idle_timeout: settings.idle_timeout ?? defaults.idleTimeout,
    ...(settings.concurrency === undefined ? {} : { concurrency: settings.concurrency }),
    queue_limit: settings.queue_limit ?? DEFAULT_QUEUE_LIMIT,
    ...(settings.upstream_model === undefined ? {} : { upstream_model: settings.upstream_model }),
    request_defaults: settings.request_defaults ?? {},
    request_strip: settings.request_strip ?? [],
    ...(settings.system_prompt === undefined ? {} : { system_prompt: settings.system_prompt }),
    ...(settings.preset === undefined ? {} : { preset: settings.preset }),
    isolated: settings.isolated ?? false,
    keep_context: settings.keep_context ?? 'off',
    context: surroundings.context,
    restart_count: restartsInARow(state.restarts, run?.readyAt ?? null, elapsed),
    restart_required: isLearnt && isRestartRequired(state, plan),
    last_exit: state.lastExit === null ? null : exitView(state.lastExit, settings),
    effective_command: commandLine(launched ?? plan),
    stats: run?.identity ? stats : null,
  };
}

function memoryView({ devices, source }: RunNeed): InstanceMemory[] {
  return devices.map(({ device, whole: need }) => ({ device, need, source }));
}

/** The strong entity tag of a record. It contains the id, so a new instance with an old name has another tag. */
export function tagOf({ id, version }: Pick<InstanceRecord, 'id' | 'version'>): string {
  return `"${id}-${version}"`;
}

/**
 * Whether an `If-Match` header (RFC 9110, 13.1.1: a list of tags, or `*`) allows a change of the record. Weak tags never
 * match.
 */
export function matchesTag(ifMatch: string, record: Pick<InstanceRecord, 'id' | 'version'>): boolean {
  const tags = new Set(ifMatch.split(',').map((tag) => tag.trim()));
  return tags.has('*') || tags.has(tagOf(record));
}

/** An exit with its cause, and its reason as data. */
function exitView(exit: NonNullable<InstanceState['lastExit']>, settings: FailedSettings): LastExit {
  const cause = causeOfEnd(exit.reason, settings);
  const phrase = reasonPhrase(exit.reason, cause);
  return { ...exit, cause, ...(phrase === null ? {} : { phrase }) };
}

/** The reason for the state; `null`: the state has none. */
export function reasonOf(state: InstanceState): string | null {
  return 'reason' in state ? state.reason : null;
}

function startOf(state: InstanceState): string | null {
  const at = currentRun(state)?.startedAt ?? null;
  return at === null ? null : new Date(at).toISOString();
}

/** Whether the running engine was launched by a plan other than `plan`. */
export function isRestartRequired(state: InstanceState, plan: LaunchPlan | null): boolean {
  const launched = launchedPlan(state);
  return launched !== null && !isSamePlan(launched, plan);
}

/** Whether both plans launch the same engine in the same way. */
export function isSamePlan(launched: LaunchPlan, plan: LaunchPlan | null): boolean {
  return plan !== null && JSON.stringify(sorted(launched)) === JSON.stringify(sorted(plan));
}

/** The plan's parts for comparison. Environments are sorted, because their order means nothing. */
function sorted(plan: LaunchPlan): unknown {
  const environment = Object.entries(plan.environment).sort(([a], [b]) => (a < b ? -1 : 1));
  return [plan.command, plan.argv, environment, plan.port, plan.healthPath, plan.keyVariable, plan.keyArguments ?? []];
}

/** The argv of a plan, with masked secrets. */
export function commandLine(plan: LaunchPlan | null): string[] {
  return plan === null ? [] : maskedWords([plan.command, ...plan.argv]);
}
