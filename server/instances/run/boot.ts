import type { Ended, InstanceEvent, InstanceState, RestartTerms } from '../life/lifecycle.ts';
import { keepsContext } from './kept-context.ts';
import { explainExit } from './exit-cause.ts';
import type { LeaseBook } from '../slots/lease-book.ts';
import type { Mailbox } from '../life/mailbox.ts';
import { STRAY_PROCESS, type AlertSink } from '../ports/alert-sink.ts';
import { momentOf, type Clock } from '../ports/time.ts';
import type { Contexts } from '../ports/contexts.ts';
import type { Engines } from '../ports/engine-adapter.ts';
import type { EventSink } from '../ports/event-sink.ts';
import type { InstanceRecord } from '../ports/instance-record.ts';
import type { InstanceStore } from '../ports/instance-store.ts';
import type { RunLogs } from '../ports/run-output.ts';
import type { RunFolders } from '../ports/folders.ts';
import type { Inspection, Runs } from '../ports/runs.ts';
import type { Registry } from '../registry.ts';
import type { RunReferences } from '../run-references.ts';
import { currentRun } from '../life/transitions.ts';
import { isRestartRequired } from '../instance-view.ts';

export interface BootDependencies {
  clock: Clock;
  store: Pick<InstanceStore, 'load'>;
  runs: Pick<Runs, 'bootId' | 'inspect' | 'strays' | 'endStray'>;
  runFolders: Pick<RunFolders, 'sweep'>;
  registry: Registry;
  engines: Engines;
  events: Pick<EventSink, 'emit'>;
  references: RunReferences;
  alerts: AlertSink;
  contexts: Pick<Contexts, 'load'>;
  logs: Pick<RunLogs, 'tail'>;
  /** Leases that the previous server still holds. */
  leases: LeaseBook;
  openMailbox: (record: InstanceRecord, state: InstanceState) => Mailbox;
  terms: (record: InstanceRecord) => RestartTerms;
  /** How long an engine that restarts may finish its requests, milliseconds. */
  stopTimeoutMs: number;
  onFault: (error: unknown, what: string) => void;
  /** Aborted when this server hands over or shuts down. */
  over: AbortSignal;
}

/** A stored instance and whether its run is alive; `null`: it has no launched run. */
interface Found {
  mailbox: Mailbox;
  inspection: Inspection | null;
}

/**
 * Restores every instance as the previous server left it. Inspects all runs before it starts any process: one started
 * before the search for strays would count as a stray. Resolves when all changes that can be stored are durable.
 * Probes, starts and learning engines' flags continue in the background.
 */
export async function boot(dependencies: BootDependencies): Promise<void> {
  const { store, runs, registry, contexts, openMailbox } = dependencies;
  for (const { record, state } of await store.load()) registry.add(openMailbox(record, state));
  const mailboxes = registry.all();
  const found = await Promise.all(
    mailboxes.map(async (mailbox) => ({ mailbox, inspection: await inspect(dependencies, mailbox) })),
  );
  const strays = await runs.strays(new Set(found.flatMap((each) => tagsOf(dependencies, each))));
  const left = await Promise.all(strays.map((stray) => endStray(dependencies, stray)));
  const ids = new Set(mailboxes.map(({ record }) => record.id));
  await sweep(dependencies, ids);
  const keeping = mailboxes.filter(({ record }) => keepsContext(record.settings)).map(({ record }) => record.id);
  void contexts.load(new Set(keeping));
  const stored = await Promise.all(
    found.map(async (each) => [each.mailbox, await eventOf(dependencies, each)] as const),
  );
  // On a full disk a mailbox reports the failure and stores later. Boot goes on, because engines need supervision.
  await Promise.allSettled(stored.map(([mailbox, event]) => mailbox.post(event).stored));
  for (const stray of left) if (stray !== null) hold(dependencies, stray);
  for (const mailbox of mailboxes) void learnBehind(dependencies, mailbox);
}

/**
 * Removes folders without an instance, such as those of an interrupted delete. Erasing continues in the background, because
 * requests may be waiting.
 */
async function sweep({ runFolders, references, onFault }: BootDependencies, ids: ReadonlySet<string>): Promise<void> {
  const report = (error: unknown): void => onFault(error, 'sweeping old folders');
  try {
    const { erased } = await runFolders.sweep(references.root, ids);
    erased.catch(report);
  } catch (error) {
    report(error);
  }
}

/** Tags of the instance's live run. A run ended by a reboot has none: a process with its tag is a stray. */
function tagsOf({ references }: BootDependencies, { mailbox, inspection }: Found): string[] {
  const { record, state } = mailbox;
  const launch = currentRun(state)?.launch;
  const isOver = inspection?.found === 'dead' && inspection.rebooted;
  return launch && !isOver ? [references.of(record.id, launch).tag] : [];
}

async function inspect({ runs, references }: BootDependencies, { record, state }: Mailbox): Promise<Inspection | null> {
  const run = currentRun(state);
  if (!run?.launch) return null;
  try {
    return await runs.inspect(references.of(record.id, run.launch), run.identity);
  } catch (error) {
    // Without knowing whether the run is alive, any action could be wrong.
    const { folder } = references.of(record.id, run.launch);
    throw new Error(
      `it cannot be determined whether the engine of ${record.name} is alive; look at ${folder}: ${String(error)}`,
      { cause: error },
    );
  }
}

async function eventOf(dependencies: BootDependencies, { mailbox, inspection }: Found): Promise<InstanceEvent> {
  const { clock, runs, terms, stopTimeoutMs } = dependencies;
  const { record, state } = mailbox;
  const now = momentOf(clock);
  const autoStart = record.settings.auto_start;
  const run = currentRun(state);
  if (run === null) return { type: 'booted', ...now, bootId: runs.bootId, autoStart };
  if (inspection?.found === 'alive') {
    const leases = dependencies.leases.of(record.id, run.number).count;
    return { type: 'found-alive', ...now, run: run.number, identity: inspection.identity, leases, stopTimeoutMs };
  }
  const { exit, spawned, rebooted } = inspection ?? {
    exit: { code: null, signal: null, at: now.at },
    spawned: false,
    rebooted: false,
  };
  const ended: Ended = rebooted
    ? { exit, reason: 'the machine was rebooted', lines: [] }
    : await explainExit(dependencies, mailbox, exit);
  return { type: 'found-dead', ...now, run: run.number, ended, spawned, rebooted, autoStart, terms: terms(record) };
}

/** A living process with a tag of this data directory that belongs to no stored run. */
interface Stray {
  tag: string;
  pids: number[];
}

/** How long boot waits for a stray to end: its instance must not get a second process while the first one lives. */
const STRAY_PATIENCE_MS = 6_000;

/** Ends a stray before anything is started, and raises an alert. Resolves to the stray if it does not end in time. */
async function endStray(
  { clock, registry, references, runs, alerts }: BootDependencies,
  stray: Stray,
): Promise<Stray | null> {
  const instance = references.instanceOf(stray.tag);
  const name = instance === null ? undefined : registry.byId(instance)?.record.name;
  const of =
    name === undefined
      ? 'belongs to an instance that does not exist'
      : 'was alive although no run of its instance should be';
  const message = `process ${stray.pids.join(', ')} ${of}; it is being ended`;
  const whose = name === undefined ? {} : { instance: name };
  alerts.raise({ level: 'error', code: STRAY_PROCESS, message, ...whose });
  return new Promise((resolve, reject) => {
    const cancel = clock.after(STRAY_PATIENCE_MS, () => resolve(stray));
    runs
      .endStray(stray.tag)
      .then(() => {
        alerts.clear(STRAY_PROCESS, name);
        resolve(null);
      }, reject)
      .finally(cancel);
  });
}

/**
 * Notifies the instance of a stray that has not ended in time. A stopped instance becomes `stopping` until the stray is
 * gone.
 */
function hold({ clock, registry, references }: BootDependencies, { tag, pids }: Stray): void {
  const instance = references.instanceOf(tag);
  const mailbox = instance === null ? null : registry.byId(instance);
  mailbox?.post({ type: 'found-stray', ...momentOf(clock), tag, pids });
}

/**
 * Learns an engine's flags in the background of a boot. The program may take seconds to print them, or hang; only a
 * start of this instance waits for that. If the result shows that the run needs a restart, sends `instance_updated`.
 * Never rejects.
 */
async function learnBehind(
  { engines, events, over }: Pick<BootDependencies, 'engines' | 'events' | 'over'>,
  mailbox: Mailbox,
): Promise<void> {
  const { settings } = mailbox.record;
  const adapter = engines.find(settings.engine);
  if (adapter === null || adapter.isLearnt(settings)) return;
  await adapter.learn(settings);
  const { record, state } = mailbox;
  // A later change of the settings has sent its own event.
  if (over.aborted || mailbox.isClosed || record.settings !== settings) return;
  // A run that is ending needs no restart.
  if ('ending' in state) return;
  if (!isRestartRequired(state, adapter.plan(record))) return;
  const reason = 'its engine was started with another command than the next start would use';
  events.emit({ type: 'instance_updated', data: { name: record.name, reason } }, record.id);
}
