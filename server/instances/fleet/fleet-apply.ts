import type { AuditChange } from '@llamactl/contract/auth';
import { ApiError } from '@llamactl/contract/errors';
import type { Commands } from '../commands.ts';
import { type Mailbox, Sealed } from '../life/mailbox.ts';
import { hasRunAhead } from '../life/transitions.ts';
import { type Removals, type Removed, untilErased } from '../removal.ts';
import { Moved } from '../use-cases.ts';
import { editChanges } from '../settings/edit-changes.ts';
import { attemptAll, type Failures, type FleetDocument, type Move, type Outcome } from './fleet-document.ts';
import type { Editor } from '../instance-editor.ts';
import type { WholeChanges } from './whole-changes.ts';

export interface FleetApplyDependencies {
  editor: Editor;
  removals: Removals;
  wholeChanges: WholeChanges;
  commands: Pick<Commands, 'stop' | 'relaunch'>;
}

/** Why this server stops an apply: the apply is refused, or another server repeats it. */
type CallOff = ApiError | Moved | Sealed;

/** How an apply ended: with an outcome, or called off. */
export type Result = Outcome | { calledOff: CallOff };

/**
 * A step of an apply; each leads to the next. Another request may change, start, stop or create an instance meanwhile:
 * then `check` or `write` goes back to `end`, and the apply continues with the new state.
 */
type Step =
  /** Ends the engines of the surplus, the instances to remove. */
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
  /** Old and new values of each instance that was updated, by name. */
  readonly changes = new Map<string, readonly AuditChange[]>();
  readonly #dependencies: FleetApplyDependencies;
  readonly #document: FleetDocument;
  readonly #calledOff: AbortSignal;
  readonly #by: string | undefined;
  readonly #surplus: readonly Mailbox[];
  #step: Step = { kind: 'end' };
  readonly #removed: Removed[] = [];
  /** The errors of failed removals. */
  readonly #unremoved: Failures<Mailbox> = new Map();

  /**
   * @param calledOff Aborted with an `ApiError` or a {@link Moved} when this server must not apply the document.
   * @param by Subject of the caller; `undefined`: unknown
   */
  constructor(
    dependencies: FleetApplyDependencies,
    document: FleetDocument,
    calledOff: AbortSignal,
    by: string | undefined,
  ) {
    this.#dependencies = dependencies;
    this.#document = document;
    this.#calledOff = calledOff;
    this.#by = by;
    this.#surplus = document.surplus();
  }

  /**
   * Whether changes were written, or are being written. From then on the caller gets the outcome even after an abort: a
   * second apply would report that nothing had to be done.
   */
  get isBinding(): boolean {
    const step = this.#step;
    if (step.kind === 'over') return this.#removed.length > 0 || 'moves' in step.result;
    return this.#removed.length > 0 || step.kind === 'write' || step.kind === 'erase';
  }

  /** Makes all changes of the document. */
  async make(signal: AbortSignal | undefined): Promise<Result> {
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
        return { kind: 'over', result: step.outcome };
    }
  }

  async #endSurplus(): Promise<Step> {
    await attemptAll(this.#removable(), this.#unremoved, (instance) => this.#end(instance));
    const reason: unknown = this.#calledOff.reason;
    // After a removal it is too late to refuse: report what was not done.
    if (reason instanceof ApiError && this.#removed.length > 0)
      return { kind: 'over', result: this.#leftUndone(reason) };
    if (reason instanceof ApiError || reason instanceof Moved) return { kind: 'over', result: { calledOff: reason } };
    return { kind: 'check' };
  }

  async #check(): Promise<Step> {
    const moves = this.#document.plan();
    const failures = await this.#document.checkStarts(moves, []);
    const isStopping = this.#removable().some(({ state }) => state.status === 'stopping');
    if (!this.#document.isPlannedAs(moves) || isStopping || this.#calledOff.aborted) return { kind: 'end' };
    return { kind: 'write', moves, failures };
  }

  async #write(moves: readonly Move[], failures: Failures<Move>): Promise<Step> {
    const { wholeChanges, removals } = this.#dependencies;
    // Between the check and this step, the apply was not binding yet.
    if (this.#calledOff.aborted) return { kind: 'end' };
    try {
      return await wholeChanges.run(async (): Promise<Step> => {
        await attemptAll(this.#removable(), this.#unremoved, async (instance) =>
          this.#removed.push(await removals.remove(instance, { by: this.#by })),
        );
        if (!this.#document.isPlannedAs(moves)) return { kind: 'end' };
        await this.#writeMoves(moves, this.#document.assignPorts(moves, failures, []), failures);
        return { kind: 'erase', outcome: this.#outcome(moves, failures) };
      });
    } catch (error) {
      // The next server applies the document.
      if (error instanceof Sealed) return { kind: 'over', result: { calledOff: error } };
      throw error;
    }
  }

  #outcome(moves: readonly Move[], failures: Failures<Move>): Outcome {
    const all = new Map<Move | Mailbox, unknown>([...this.#unremoved, ...failures]);
    return { moves, surplus: this.#surplus, failures: all };
  }

  /**
   * The outcome if a refusal came after a removal: removals are reported as they went, and the refusal is the error of
   * every other change.
   */
  #leftUndone(refusal: ApiError): Outcome {
    const moves = this.#document.plan();
    const undone = moves.filter(({ action }) => action !== 'nothing');
    return this.#outcome(moves, new Map(undone.map((move) => [move, refusal])));
  }

  /** Writes all moves in this turn, then restarts the instances that need it. */
  async #writeMoves(moves: readonly Move[], ports: ReadonlyMap<Move, number>, failures: Failures<Move>): Promise<void> {
    const { editor, commands } = this.#dependencies;
    const going = moves.filter((move) => move.action !== 'nothing' && !failures.has(move));
    await attemptAll(going, failures, async (move) => {
      const { action, present } = move;
      const edit = { ...move.edit, port: ports.get(move) ?? 0 };
      const by = this.#by;
      if (present === null) await editor.add(editor.draft(move.name, edit), by);
      else {
        const record = editor.revision(present.record, edit);
        await editor.put(present.instance, record, { restarts: action === 'restart', by });
        this.changes.set(move.name, editChanges(present.record, record));
      }
    });
    // Again in one turn: of two instances that swap ports, neither starts before the other has begun to stop.
    const restarts = going.filter((move) => move.action === 'restart' && !failures.has(move));
    await attemptAll(restarts, failures, async ({ present }) => {
      if (present !== null) await commands.relaunch(present.instance, this.#by);
    });
  }

  /** Stops the instance if it has a run, and waits until the run has ended or the apply is called off. */
  async #end(instance: Mailbox): Promise<void> {
    const { commands, removals } = this.#dependencies;
    if (instance.isClosed || this.#calledOff.aborted) return;
    if (hasRunAhead(instance.state)) await commands.stop(instance, { by: this.#by });
    await removals.untilEnded(instance, this.#calledOff);
  }

  /** The surplus without the instances whose removal failed. */
  #removable(): Mailbox[] {
    return this.#surplus.filter((instance) => !this.#unremoved.has(instance));
  }
}
