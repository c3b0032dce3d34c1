import { ApiError } from '@llamactl/contract/errors';
import type { CreateInstance } from '@llamactl/contract/instance';
import type { Commands } from '../commands.ts';
import type { Editor } from '../instance-editor.ts';
import { type Mailbox, Sealed } from '../life/mailbox.ts';
import { Moved } from '../use-cases.ts';
import { currentRun, hasRunAhead } from '../life/transitions.ts';
import type { Engines } from '../ports/engine-adapter.ts';
import type { InstanceRecord } from '../ports/instance-record.ts';
import type { LaunchPlan } from '../ports/runs.ts';
import type { Registry } from '../registry.ts';
import { type Removals, type Removed, untilErased } from '../removal.ts';
import type { GroupNames } from '../settings/settings.ts';
import type { StartCheck } from '../start-check.ts';
import { claimantOf, clashProblems, judgeClaims, portLeft, type Judgement } from './fleet-claims.ts';
import { judgeEntries, refusedDocument } from './fleet-document.ts';
import { planFleet, unnamed, type FleetMove } from './fleet-plan.ts';
import type { WholeChanges } from './whole-changes.ts';

export interface FleetApplyDependencies {
  engines: Engines;
  registry: Registry;
  groups: GroupNames;
  editor: Editor;
  startCheck: StartCheck;
  removals: Removals;
  wholeChanges: WholeChanges;
  commands: Pick<Commands, 'stop' | 'relaunch'>;
}

export type Move = FleetMove<Mailbox>;
/** The errors of failed changes. */
type Failures<Change> = Map<Change, unknown>;

/** What an apply did, or would do. */
export interface Outcome {
  moves: readonly Move[];
  /** The instances to remove. */
  surplus: readonly Mailbox[];
  failures: Failures<Move | Mailbox>;
}

/** Why this server stops an apply: it refuses it, or another server repeats it. */
type CallOff = ApiError | Moved | Sealed;

/** The end of an apply. */
export type Result = { kind: 'made'; outcome: Outcome } | { kind: 'called off'; reason: CallOff };

/**
 * The step of an apply. Each leads to the next one. Another request may change, start, stop or create an instance meanwhile:
 * then `check` and `write` lead back to `end`, and the apply goes on with the new state.
 */
type Step =
  /** Ends the engines of the surplus. */
  | { kind: 'end' }
  /** Plans the moves, and checks that restarts can succeed. */
  | { kind: 'check' }
  /** Removes the surplus, then writes all moves in one turn. */
  | { kind: 'write'; moves: readonly Move[]; failures: Failures<Move> }
  /** Waits until the files of removed instances are erased, or until the caller leaves. */
  | { kind: 'erase'; outcome: Outcome }
  | { kind: 'over'; result: Result };

/**
 * Applies one document. Slow work (the disk, engines that must end) comes first. Then all changes are judged and written in
 * one turn, so that names, aliases and ports can pass from one instance to another.
 *
 * Before `write` nothing is removed or changed, so the apply can be refused, or repeated by another server. After the first
 * removal it can still be repeated, but not refused.
 */
export class FleetApply {
  readonly #dependencies: FleetApplyDependencies;
  readonly #entries: readonly CreateInstance[];
  readonly #prune: boolean;
  readonly #calledOff: AbortSignal;
  #step: Step = { kind: 'end' };
  #surplus: readonly Mailbox[] = [];
  readonly #removed: Removed[] = [];
  /** The errors of failed removals. */
  readonly #unremoved: Failures<Mailbox> = new Map();

  /** @param calledOff Aborted with an `ApiError` or a {@link Moved} when this server must not apply the document. */
  constructor(
    dependencies: FleetApplyDependencies,
    entries: readonly CreateInstance[],
    { prune, calledOff }: { prune: boolean; calledOff: AbortSignal },
  ) {
    this.#dependencies = dependencies;
    this.#entries = entries;
    this.#prune = prune;
    this.#calledOff = calledOff;
  }

  /**
   * Whether changes are being written or are made. The caller then gets the outcome even after an abort: a second apply would
   * report that nothing had to be done.
   */
  get isBinding(): boolean {
    const step = this.#step;
    if (step.kind === 'over') return this.#removed.length > 0 || step.result.kind === 'made';
    return this.#removed.length > 0 || step.kind === 'write' || step.kind === 'erase';
  }

  /** Throws with every problem of the document; returns the warnings of its entries. */
  async judge(): Promise<string[][]> {
    const { engines, registry, groups } = this.#dependencies;
    const { problems, warnings } = await judgeEntries(
      this.#entries,
      engines,
      groups,
      (name) => registry.find(name)?.record.settings ?? null,
    );
    const moves = this.#plan();
    const { clashes } = this.#judgeClaims(moves, this.#unnamed());
    const all = [...problems, ...clashProblems(moves, clashes)];
    if (all.length > 0) throw refusedDocument(all);
    return warnings;
  }

  /** Returns the changes of a dry run, with those that would fail now. */
  async foresee(): Promise<Result> {
    const surplus = this.#unnamed();
    const moves = this.#plan();
    const failures = await this.#checkStarts(moves, surplus);
    this.#assignPorts(moves, failures, surplus);
    return { kind: 'made', outcome: { moves, surplus, failures } };
  }

  /** Makes all changes of the document. */
  async make(signal: AbortSignal | undefined): Promise<Result> {
    this.#surplus = this.#unnamed();
    while (this.#step.kind !== 'over') this.#step = await this.#take(this.#step, signal);
    return this.#step.result;
  }

  async #take(step: Exclude<Step, { kind: 'over' }>, signal: AbortSignal | undefined): Promise<Step> {
    switch (step.kind) {
      case 'end':
        return this.#endSurplus();
      case 'check':
        return this.#check();
      case 'write':
        return this.#write(step.moves, step.failures);
      case 'erase':
        await untilErased(this.#removed, signal);
        return over({ kind: 'made', outcome: step.outcome });
    }
  }

  async #endSurplus(): Promise<Step> {
    await this.#attemptAll(this.#removable(), this.#unremoved, (instance) => this.#end(instance));
    const reason: unknown = this.#calledOff.reason;
    // After a removal it is too late to refuse: report what was not done.
    if (reason instanceof ApiError && this.#removed.length > 0)
      return over({ kind: 'made', outcome: this.#leftUndone(reason) });
    if (reason instanceof ApiError || reason instanceof Moved) return over({ kind: 'called off', reason });
    return { kind: 'check' };
  }

  async #check(): Promise<Step> {
    const moves = this.#plan();
    const failures = await this.#checkStarts(moves, []);
    const isStopping = this.#removable().some(({ state }) => state.status === 'stopping');
    if (!this.#isAsPlanned(moves) || isStopping || this.#calledOff.aborted) return { kind: 'end' };
    return { kind: 'write', moves, failures };
  }

  async #write(moves: readonly Move[], failures: Failures<Move>): Promise<Step> {
    const { wholeChanges, removals } = this.#dependencies;
    try {
      return await wholeChanges.run(async (): Promise<Step> => {
        await this.#attemptAll(this.#removable(), this.#unremoved, async (instance) =>
          this.#removed.push(await removals.remove(instance)),
        );
        if (!this.#isAsPlanned(moves)) return { kind: 'end' };
        await this.#writeMoves(moves, this.#assignPorts(moves, failures, []), failures);
        return { kind: 'erase', outcome: this.#outcome(moves, failures) };
      });
    } catch (error) {
      // The next server does it.
      if (error instanceof Sealed) return over({ kind: 'called off', reason: error });
      throw error;
    }
  }

  #outcome(moves: readonly Move[], failures: Failures<Move>): Outcome {
    const all = new Map<Move | Mailbox, unknown>([...this.#unremoved, ...failures]);
    return { moves, surplus: this.#surplus, failures: all };
  }

  /** All removals were attempted, and are reported. The refusal is the error of every other change. */
  #leftUndone(refusal: ApiError): Outcome {
    const moves = this.#plan();
    const undone = moves.filter(({ action }) => action !== 'nothing');
    return this.#outcome(moves, new Map(undone.map((move) => [move, refusal])));
  }

  /** Writes all moves in this turn, then restarts the instances that need it. */
  async #writeMoves(moves: readonly Move[], ports: ReadonlyMap<Move, number>, failures: Failures<Move>): Promise<void> {
    const { editor, commands } = this.#dependencies;
    const going = moves.filter((move) => move.action !== 'nothing' && !failures.has(move));
    await this.#attemptAll(going, failures, async (move) => {
      const { action, present } = move;
      const edit = { ...move.edit, port: ports.get(move) ?? 0 };
      if (present === null) await editor.add(editor.draft(move.name, edit));
      else await editor.put(present.instance, editor.revision(present.record, edit), action === 'restart');
    });
    // Again in one turn: of two instances that swap ports, neither starts before the other has begun to stop.
    const restarts = going.filter((move) => move.action === 'restart' && !failures.has(move));
    await this.#attemptAll(restarts, failures, async ({ present }) => {
      if (present !== null) await commands.relaunch(present.instance);
    });
  }

  /** Stops the instance if it runs, and waits for its end, unless that is called off. */
  async #end(instance: Mailbox): Promise<void> {
    const { commands, removals } = this.#dependencies;
    if (instance.isClosed || this.#calledOff.aborted) return;
    if (hasRunAhead(instance.state)) await commands.stop(instance, {});
    await removals.untilEnded(instance, this.#calledOff);
  }

  /** Returns the restarts that would fail to start again, and adds a warning to other moves that could not start. */
  async #checkStarts(moves: readonly Move[], surplus: readonly Mailbox[]): Promise<Failures<Move>> {
    const { startCheck, editor } = this.#dependencies;
    const failures: Failures<Move> = new Map();
    const handedOver = new Set([...moves.map(portLeft), ...surplus.map(livePort)].filter((port) => port !== null));
    for (const move of moves) {
      const { action, present, edit, warnings } = move;
      if (action === 'nothing') continue;
      const wanted = { ...edit, port: edit.port ?? 0 };
      const record = present === null ? editor.draft(move.name, wanted) : editor.revision(present.record, wanted);
      await this.#attemptAll([move], failures, async () => {
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
    const { registry } = this.#dependencies;
    const going = new Set([...moves.map(claimantOf), ...surplus.map(({ record }) => record.id)]);
    return judgeClaims(moves, registry.claims(going), (claims) => registry.freePortBeside(claims), registry.usedUp);
  }

  /** Does one thing for all changes at once, and keeps their errors. */
  async #attemptAll<Change>(
    changes: readonly Change[],
    failures: Failures<Change>,
    act: (change: Change) => Promise<unknown>,
  ): Promise<void> {
    await Promise.all(
      changes.map(async (change) => {
        try {
          await act(change);
        } catch (error) {
          failures.set(change, error);
        }
      }),
    );
  }

  /** Whether a plan made now has the same actions on the same records. */
  #isAsPlanned(moves: readonly Move[]): boolean {
    const later = this.#plan();
    return moves.every(
      ({ action, present }, index) =>
        later[index]?.action === action && later[index].present?.record === present?.record,
    );
  }

  #plan(): Move[] {
    const { engines, registry } = this.#dependencies;
    const planOf = (record: InstanceRecord): LaunchPlan | null =>
      engines.find(record.settings.engine)?.plan(record) ?? null;
    return planFleet(this.#entries, registry.open(), planOf);
  }

  /** The instances to remove. */
  #unnamed(): Mailbox[] {
    return this.#prune ? unnamed(this.#entries, this.#dependencies.registry.open()) : [];
  }

  /** The surplus without the instances whose removal failed. */
  #removable(): Mailbox[] {
    return this.#surplus.filter((instance) => !this.#unremoved.has(instance));
  }
}

function over(result: Result): Step {
  return { kind: 'over', result };
}

function livePort({ state }: Mailbox): number | null {
  return currentRun(state)?.launch?.plan.port ?? null;
}
