import type { Ended, InstanceEvent } from './lifecycle.ts';
import type { Effects } from './effects.ts';
import type { Mailbox } from './mailbox.ts';
import type { Clock, EventSink, InstanceRecord, InstanceStore, Inspection, Supervisor } from './ports.ts';
import type { Registry } from './registry.ts';
import type { RunReferences } from './run-references.ts';
import { currentRun } from './transitions.ts';
import type { InstanceState, RestartTerms } from './lifecycle.ts';

export interface BootDependencies {
  clock: Clock;
  store: Pick<InstanceStore, 'load'>;
  supervisor: Pick<Supervisor, 'bootId' | 'inspect' | 'strays' | 'endStray' | 'sweep'>;
  registry: Registry;
  references: RunReferences;
  events: EventSink;
  effects: Pick<Effects, 'explain'>;
  openMailbox: (record: InstanceRecord, state: InstanceState) => Mailbox;
  terms: (record: InstanceRecord) => RestartTerms;
  onFault: (error: unknown, what: string) => void;
}

/** A stored instance and what became of its run. */
interface Found {
  mailbox: Mailbox;
  inspection: Inspection | null;
}

/**
 * Takes up every instance where the last server left it. First all is looked at, then all is decided: a process that is
 * started before the strays are counted would be taken for one. Resolves when every stored change is durable; probes and
 * starts go on behind it.
 */
export async function boot(dependencies: BootDependencies): Promise<void> {
  const { store, supervisor, registry, references, openMailbox } = dependencies;
  for (const { record, state } of await store.load()) registry.add(openMailbox(record, state));
  const mailboxes = registry.all();
  const found = await Promise.all(
    mailboxes.map(async (mailbox) => ({ mailbox, inspection: await inspect(dependencies, mailbox) })),
  );
  const strays = await supervisor.strays(new Set(mailboxes.flatMap((mailbox) => tagsOf(dependencies, mailbox))));
  await supervisor.sweep(references.root, new Set(mailboxes.map(({ record }) => record.id)));
  const stored = await Promise.all(
    found.map(async (each) => [each.mailbox, await eventOf(dependencies, each)] as const),
  );
  await Promise.all(stored.map(([mailbox, event]) => mailbox.post(event).stored));
  for (const stray of strays) endStray(dependencies, stray);
}

function tagsOf({ references }: BootDependencies, { record, state }: Mailbox): string[] {
  const launch = currentRun(state)?.launch;
  return launch ? [references.of(record.id, launch).tag] : [];
}

async function inspect(
  { supervisor, references }: BootDependencies,
  { record, state }: Mailbox,
): Promise<Inspection | null> {
  const run = currentRun(state);
  return run?.launch ? supervisor.inspect(references.of(record.id, run.launch), run.identity) : null;
}

async function eventOf(dependencies: BootDependencies, { mailbox, inspection }: Found): Promise<InstanceEvent> {
  const { clock, supervisor, effects, terms } = dependencies;
  const { record, state } = mailbox;
  const at = clock.now();
  const autoStart = record.settings.auto_start;
  const run = currentRun(state);
  if (run === null) return { type: 'booted', at, bootId: supervisor.bootId, autoStart };
  if (inspection?.found === 'alive') return { type: 'found-alive', at, run: run.number, identity: inspection.identity };
  const { exit, spawned, rebooted } = inspection ?? {
    exit: { code: null, signal: null, at },
    spawned: false,
    rebooted: false,
  };
  const ended: Ended = rebooted
    ? { exit, reason: 'the machine was rebooted', lines: [] }
    : await effects.explain(mailbox, exit);
  return { type: 'found-dead', at, run: run.number, ended, spawned, rebooted, autoStart, terms: terms(record) };
}

/** A living process with our mark that belongs to no stored run: its instance, if there is one, says what becomes of it. */
function endStray(dependencies: BootDependencies, { tag, pids }: { tag: string; pids: number[] }): void {
  const { clock, registry, references, supervisor, events, onFault } = dependencies;
  const instance = references.instanceOf(tag);
  const mailbox = instance === null ? null : registry.byId(instance);
  if (mailbox !== null) {
    mailbox.post({ type: 'found-stray', at: clock.now(), tag, pids });
    return;
  }
  const message = `process ${pids.join(', ')} belongs to an instance that does not exist; it is being ended`;
  events.emit({ type: 'system_alert', data: { level: 'error', code: 'stray_process', message, state: 'raised' } });
  supervisor.endStray(tag).catch((error: unknown) => onFault(error, `ending the stray ${tag}`));
}
