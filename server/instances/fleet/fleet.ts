import { ApiError } from '@llamactl/contract/errors';
import type { Applied, Fleet, FleetStep } from '@llamactl/contract/fleet';
import type { CreateInstance } from '@llamactl/contract/instance';
import type { Commands } from '../commands.ts';
import type { Editor } from '../instance-editor.ts';
import { claimantOf, clashProblems, judgeClaims, portLeft, type Judgement } from './fleet-claims.ts';
import { judgeEntries, refusedDocument } from './fleet-document.ts';
import { fleetSummary } from './fleet-summary.ts';
import { calledOff, type Stage, unlessAborted } from './fleet-stage.ts';
import { entryOf, planFleet, unnamed, type FleetMove } from './fleet-plan.ts';
import type { Mailbox } from '../life/mailbox.ts';
import type { Engines } from '../ports/engine-adapter.ts';
import type { InstanceRecord, Settings } from '../ports/instance-record.ts';
import type { LaunchPlan } from '../ports/runs.ts';
import { shuttingDown } from '../refusals.ts';
import type { Registry } from '../registry.ts';
import { type Removals, type Removed, untilErased } from '../removal.ts';
import type { GroupNames } from '../settings/settings.ts';
import type { StartCheck } from '../start-check.ts';
import { currentRun, hasRunAhead } from '../life/transitions.ts';
import type { ApplyOptions, FleetManager } from '../use-cases.ts';
import type { WholeChanges } from './whole-changes.ts';

export interface FleetKeeperDependencies {
  engines: Engines;
  registry: Registry;
  groups: GroupNames;
  editor: Editor;
  startCheck: StartCheck;
  removals: Removals;
  wholeChanges: WholeChanges;
  commands: Pick<Commands, 'stop' | 'relaunch'>;
  onFault: (error: unknown, what: string) => void;
}

type Move = FleetMove<Mailbox>;
/** The errors of failed steps. */
type Failures<Step> = Map<Step, unknown>;

const FAULT = 'an internal error or a disk error prevented this step; see the log of llamactl';

/**
 * Exports all instances as one document, and applies such a document. Slow steps (the disk, engines that must end) come
 * first. Then all changes are judged and written in one turn, so that names, aliases and ports can pass from one instance
 * to another.
 */
export class FleetKeeper implements FleetManager {
  readonly #with: FleetKeeperDependencies;
  readonly #closing = new AbortController();

  constructor(dependencies: FleetKeeperDependencies) {
    this.#with = dependencies;
  }

  /** Refuses every document that is not being written yet. */
  close(): void {
    this.#closing.abort(shuttingDown());
  }

  export(): Fleet {
    return { version: 1, instances: this.#open().map(({ record }) => entryOf(record)) };
  }

  async apply({ instances: entries }: Fleet, { prune, dryRun, signal }: ApplyOptions): Promise<Applied> {
    const warnings = await this.#judge(entries, prune);
    signal?.throwIfAborted();
    const surplus = prune ? unnamed(entries, this.#open()) : [];
    const stage: Stage = {
      isWriting: false,
      signal,
      calledOff: AbortSignal.any([calledOff(signal), this.#closing.signal]),
    };
    const work = dryRun ? this.#foresee(entries, surplus) : this.#make(entries, surplus, stage);
    const { moves, failures } = await unlessAborted(work, stage, this.#with.onFault);
    const results: FleetStep[] = [
      ...moves.map((move) => {
        const { name, action, changes } = move;
        const all = [...(warnings[move.entry] ?? []), ...move.warnings];
        return { name, action, changes, ...some(all), ...this.#errorOf(failures, move) };
      }),
      ...surplus.map((instance) => ({
        name: instance.record.name,
        action: 'remove' as const,
        changes: [],
        ...this.#errorOf(failures, instance),
      })),
    ];
    return { message: fleetSummary(results, dryRun), dry_run: dryRun, results };
  }

  /** Throws with every problem of the document; returns the warnings of its entries. */
  async #judge(entries: readonly CreateInstance[], prune: boolean): Promise<string[][]> {
    const { engines, registry, groups } = this.#with;
    const storedOf = (name: string): Settings | null => registry.find(name)?.record.settings ?? null;
    const { problems, warnings } = await judgeEntries(entries, engines, groups, storedOf);
    const moves = this.#plan(entries);
    const { clashes } = this.#judgeClaims(moves, prune ? unnamed(entries, this.#open()) : []);
    const all = [...problems, ...clashProblems(moves, clashes)];
    if (all.length > 0) throw refusedDocument(all);
    return warnings;
  }

  /** Returns the steps of a dry run, with those that would fail now. */
  async #foresee(entries: readonly CreateInstance[], surplus: readonly Mailbox[]): Promise<Outcome> {
    const moves = this.#plan(entries);
    const failures = await this.#checkStarts(moves, surplus);
    this.#assignPorts(moves, failures, surplus);
    return { moves, failures };
  }

  /**
   * Makes all changes of a document. Until it writes, nothing is removed or changed, so it can start over, here or on
   * another server, or be refused. After the first removal it can still start over, but not be refused.
   */
  async #make(entries: readonly CreateInstance[], surplus: readonly Mailbox[], stage: Stage): Promise<Outcome> {
    const { calledOff, signal } = stage;
    const failures: Outcome['failures'] = new Map();
    const removed: Removed[] = [];
    for (;;) {
      const going = surplus.filter((instance) => !failures.has(instance));
      await Promise.all(going.map((instance) => attempt(failures, instance, () => this.#end(instance, calledOff))));
      const refusal: unknown = calledOff.reason;
      if (refusal instanceof ApiError && removed.length > 0) return this.#leftUndone(entries, failures, refusal);
      calledOff.throwIfAborted();
      const moves = this.#plan(entries);
      const found = await this.#checkStarts(moves, []);
      const isAsSeen = (): boolean => isSame(moves, this.#plan(entries));
      // Another request changed, started, stopped or created an instance meanwhile: start over with the new state.
      const isMoved = !isAsSeen() || going.some((one) => !failures.has(one) && one.state.status === 'stopping');
      if (isMoved || calledOff.aborted) continue;
      const isMade = await this.#with.wholeChanges.run(async () => {
        stage.isWriting = true;
        const ended = going.filter((instance) => !failures.has(instance));
        await Promise.all(
          ended.map((instance) =>
            attempt(failures, instance, async () => removed.push(await this.#with.removals.remove(instance))),
          ),
        );
        if (!isAsSeen()) {
          stage.isWriting = removed.length > 0;
          return false;
        }
        await this.#write(moves, this.#assignPorts(moves, found, []), found);
        return true;
      });
      if (!isMade) continue;
      await untilErased(removed, signal);
      return { moves, failures: new Map<Move | Mailbox, unknown>([...failures, ...found]) };
    }
  }

  /**
   * The outcome of an apply that is refused after removals. All removals were attempted, and are reported. The refusal is the
   * error of every other change.
   */
  #leftUndone(entries: readonly CreateInstance[], failures: Outcome['failures'], refusal: ApiError): Outcome {
    const moves = this.#plan(entries);
    for (const move of moves) if (move.action !== 'nothing') failures.set(move, refusal);
    return { moves, failures };
  }

  /** Writes all changes in this turn, then restarts the instances that need it. */
  async #write(moves: readonly Move[], ports: ReadonlyMap<Move, number>, failures: Failures<Move>): Promise<void> {
    const { editor, commands } = this.#with;
    const going = moves.filter((move) => move.action !== 'nothing' && !failures.has(move));
    await Promise.all(
      going.map((move) =>
        attempt(failures, move, async () => {
          const { action, present } = move;
          const edit = { ...move.edit, port: ports.get(move) ?? 0 };
          if (present === null) await editor.add(editor.draft(move.name, edit));
          else await editor.put(present.instance, editor.revision(present.record, edit), action === 'restart');
        }),
      ),
    );
    // Again in one turn: of two instances that swap ports, neither starts before the other has begun to stop.
    await Promise.all(
      going.map(async (move) => {
        const { action, present } = move;
        if (action !== 'restart' || present === null || failures.has(move)) return;
        await attempt(failures, move, () => commands.relaunch(present.instance));
      }),
    );
  }

  /** Stops the instance if it runs, and waits for its end, unless that is called off. */
  async #end(instance: Mailbox, calledOff: AbortSignal): Promise<void> {
    if (instance.isClosed || calledOff.aborted) return;
    if (hasRunAhead(instance.state)) await this.#with.commands.stop(instance, {});
    await this.#with.removals.untilEnded(instance, calledOff);
  }

  /** Returns the restarts that would fail to start again, and adds a warning to other moves that could not start. */
  async #checkStarts(moves: readonly Move[], surplus: readonly Mailbox[]): Promise<Failures<Move>> {
    const { startCheck, editor } = this.#with;
    const failures: Failures<Move> = new Map();
    const handedOver = new Set([...moves.map(portLeft), ...surplus.map(livePort)].filter((port) => port !== null));
    for (const move of moves) {
      const { action, present, edit, warnings } = move;
      if (action === 'nothing') continue;
      const wanted = { ...edit, port: edit.port ?? 0 };
      const record = present === null ? editor.draft(move.name, wanted) : editor.revision(present.record, wanted);
      await attempt(failures, move, async () => {
        if (action === 'restart' && present !== null)
          return startCheck.assertStartable(present.instance, record, handedOver);
        const { obstacle } = await startCheck.foresee(record);
        if (obstacle !== null && obstacle.isWarnedOf !== true) warnings.push(obstacle.message);
      });
    }
    return failures;
  }

  /**
   * Returns the ports of all moves that can be made. Adds the others to `failures`: their instances stay as they are, and
   * moves that depended on them fail too.
   */
  #assignPorts(moves: readonly Move[], failures: Failures<Move>, surplus: readonly Mailbox[]): Map<Move, number> {
    for (;;) {
      const { clashes, ports } = this.#judgeClaims(
        moves.filter((move) => !failures.has(move)),
        surplus,
      );
      if (clashes.size === 0) return ports;
      for (const [move, [clash]] of clashes) {
        if (clash !== undefined) failures.set(move, new ApiError(clash.code, `${clash.message}.`));
      }
    }
  }

  #judgeClaims(moves: readonly Move[], surplus: readonly Mailbox[]): Judgement<Move> {
    const { registry } = this.#with;
    const going = new Set([...moves.map(claimantOf), ...surplus.map(({ record }) => record.id)]);
    return judgeClaims(moves, registry.claims(going), (claims) => registry.freePortBeside(claims), registry.usedUp);
  }

  #plan(entries: readonly CreateInstance[]): Move[] {
    const planOf = (record: InstanceRecord): LaunchPlan | null =>
      this.#with.engines.find(record.settings.engine)?.plan(record) ?? null;
    return planFleet(entries, this.#open(), planOf);
  }

  #open(): Mailbox[] {
    return this.#with.registry.all().filter((mailbox) => !mailbox.isClosed);
  }

  #errorOf<Step>(failures: ReadonlyMap<Step, unknown>, step: Step): { error?: string } {
    if (!failures.has(step)) return {};
    const error = failures.get(step);
    if (error instanceof ApiError) return { error: error.message };
    this.#with.onFault(error, 'a step of apply');
    return { error: FAULT };
  }
}

interface Outcome {
  moves: readonly Move[];
  failures: Map<Move | Mailbox, unknown>;
}

function livePort({ state }: Mailbox): number | null {
  return currentRun(state)?.launch?.plan.port ?? null;
}

/** Whether two plans have the same actions on the same records. */
function isSame(moves: readonly Move[], later: readonly Move[]): boolean {
  return moves.every((move, index) => {
    const other = later[index];
    return other?.action === move.action && other.present?.record === move.present?.record;
  });
}

async function attempt<Step>(failures: Map<Step, unknown>, step: Step, act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    failures.set(step, error);
  }
}

function some(warnings: string[]): { warnings?: string[] } {
  return warnings.length === 0 ? {} : { warnings };
}
