import { ApiError } from '@llamactl/contract/errors';
import type { Applied, Fleet, FleetAction, FleetStep } from '@llamactl/contract/fleet';
import type { CreateInstance } from '@llamactl/contract/instance';
import { Moved, type ApplyOptions, type FleetManager } from '../use-cases.ts';
import type { InstanceRecord } from '../ports/instance-record.ts';
import type { ModelFinder } from '../ports/model-finder.ts';
import { notFound, shuttingDown } from '../refusals.ts';
import { withModelFiles } from '../settings/model-setting.ts';
import { FleetApply, type FleetApplyDependencies, type Result } from './fleet-apply.ts';
import { FleetDocument, type FleetDocumentDependencies, type Outcome } from './fleet-document.ts';
import { entryOf } from './fleet-plan.ts';

export interface FleetKeeperDependencies extends FleetDocumentDependencies, FleetApplyDependencies {
  models: ModelFinder;
  onFault: (error: unknown, what: string) => void;
}

const FAULT = 'an internal error or a disk error prevented this step; see the log of llamactl';

/** Exports all instances as one document, and applies such a document. */
export class FleetKeeper implements FleetManager {
  readonly #dependencies: FleetKeeperDependencies;
  readonly #closing = new AbortController();
  /** Entries of exports. A record never changes, and a new one replaces it. */
  readonly #entries = new WeakMap<InstanceRecord, CreateInstance>();

  constructor(dependencies: FleetKeeperDependencies) {
    this.#dependencies = dependencies;
  }

  /** Refuses every apply that has not begun to write. */
  close(): void {
    this.#closing.abort(shuttingDown());
  }

  export(names?: readonly string[]): Fleet {
    const all = this.#dependencies.registry.open().map(({ record }) => record);
    if (names === undefined) return { version: 1, instances: all.map((record) => this.#entryOf(record)) };
    const wanted = new Map(names.map((name) => [name.toLowerCase(), name]));
    const records = all.filter(({ name }) => wanted.delete(name.toLowerCase()));
    const [unknown] = wanted.values();
    if (unknown !== undefined) throw notFound(unknown);
    return { version: 1, instances: records.map((record) => this.#entryOf(record)) };
  }

  #entryOf(record: InstanceRecord): CreateInstance {
    const known = this.#entries.get(record);
    if (known !== undefined) return known;
    const entry = entryOf(record);
    this.#entries.set(record, entry);
    return entry;
  }

  async apply({ instances }: Fleet, { prune, dryRun, signal, by, onApplied }: ApplyOptions): Promise<Applied> {
    const entries = await withModelFiles(instances, this.#dependencies.models);
    const document = new FleetDocument(this.#dependencies, entries, prune);
    const warnings = await document.judge();
    signal?.throwIfAborted();
    const calledOff = AbortSignal.any([refusalOf(signal), this.#closing.signal]);
    const apply = new FleetApply(this.#dependencies, document, calledOff, by);
    const work = (dryRun ? document.foresee() : apply.make(signal)).then((result: Result) => {
      if ('calledOff' in result) return result;
      const results = this.#stepsOf(result, warnings);
      if (!dryRun) onApplied?.(results, apply.changes);
      return { results };
    });
    const done = await this.#whileWaitedFor(work, apply, signal);
    if ('calledOff' in done) throw done.calledOff;
    const { results } = done;
    return { message: fleetSummary(results, dryRun), dry_run: dryRun, results };
  }

  /**
   * Returns the result of an apply. Rejects if the caller leaves before the apply is binding; the apply then continues,
   * unless it is called off.
   */
  #whileWaitedFor<Done>(work: Promise<Done>, apply: FleetApply, signal: AbortSignal | undefined): Promise<Done> {
    if (signal === undefined) return work;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        if (apply.isBinding) return;
        reject(signal.reason instanceof Error ? signal.reason : new Error('no longer waited for'));
        work.catch((error: unknown) => this.#dependencies.onFault(error, 'apply'));
      };
      signal.addEventListener('abort', leave, { once: true });
      void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
    });
  }

  /** @param warnings Of each entry, in the order of the document. */
  #stepsOf({ moves, surplus, failures }: Outcome, warnings: readonly string[][]): FleetStep[] {
    const errorOf = (change: (typeof moves)[number] | (typeof surplus)[number]): { error?: string } => {
      if (!failures.has(change)) return {};
      const error = failures.get(change);
      if (error instanceof ApiError) return { error: error.message };
      this.#dependencies.onFault(error, 'a step of apply');
      return { error: FAULT };
    };
    return [
      ...moves.map((move) => {
        const { name, action, changes } = move;
        const all = [...(warnings[move.entry] ?? []), ...move.warnings];
        return { name, action, changes, ...(all.length === 0 ? {} : { warnings: all }), ...errorOf(move) };
      }),
      ...surplus.map((instance) => ({
        name: instance.record.name,
        action: 'remove' as const,
        changes: [],
        ...errorOf(instance),
      })),
    ];
  }
}

/**
 * Returns a signal that aborts when another server takes over the apply, or when the caller gets a refusal, which must
 * change nothing. It does not abort when the caller just leaves: the document may still be wanted, so the apply
 * continues.
 */
function refusalOf(signal: AbortSignal | undefined): AbortSignal {
  const controller = new AbortController();
  const look = (): void => {
    const reason: unknown = signal?.reason;
    if (reason instanceof Moved || reason instanceof ApiError) controller.abort(reason);
  };
  signal?.addEventListener('abort', look, { once: true });
  if (signal?.aborted === true) look();
  return controller.signal;
}

const DONE: Record<FleetAction, string> = {
  create: 'created',
  change: 'changed',
  restart: 'restarted',
  remove: 'removed',
  nothing: 'unchanged',
};
const TO_DO: Record<FleetAction, string> = {
  create: 'to create',
  change: 'to change',
  restart: 'to restart',
  remove: 'to remove',
  nothing: 'unchanged',
};

/** One sentence about all steps: `Fleet applied: 1 created, 2 unchanged, 1 failed`. */
function fleetSummary(steps: readonly FleetStep[], dryRun: boolean): string {
  const words = dryRun ? TO_DO : DONE;
  const failed = steps.filter(({ error }) => error !== undefined).length;
  const counts = Object.entries(words).map(([action, word]): [number, string] => [
    steps.filter((step) => step.action === action && step.error === undefined).length,
    word,
  ]);
  const shown = [...counts, [failed, dryRun ? 'would fail' : 'failed'] as const].filter(([count]) => count > 0);
  const summary = shown.length === 0 ? 'nothing to do' : shown.map(([count, word]) => `${count} ${word}`).join(', ');
  return dryRun ? `Dry run, nothing was changed: ${summary}` : `Fleet applied: ${summary}`;
}
