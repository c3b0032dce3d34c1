import type { PortChoice } from '../settings/port-choice.ts';
import { ApiError, MOST_PROBLEMS } from '@llamactl/contract/errors';
import type { CreateInstance } from '@llamactl/contract/instance';
import type { Editor } from '../instance-editor.ts';
import type { Mailbox } from '../life/mailbox.ts';
import { livePort } from '../life/transitions.ts';
import type { Engines } from '../ports/engine-adapter.ts';
import type { InstanceRecord, Settings } from '../ports/instance-record.ts';
import type { LaunchPlan } from '../ports/runs.ts';
import { type Clock, nextTurn } from '../ports/time.ts';
import type { Registry } from '../registry.ts';
import { refused, settingsProblems, wantedSettings, type DefinedNames } from '../settings/settings.ts';
import type { StartCheck } from '../start-check.ts';
import { claimantOf, clashProblems, type EntryProblem, judgeClaims, portLeft, type Judgement } from './fleet-claims.ts';
import { type Comparisons, planFleet, unnamed, type FleetMove } from './fleet-plan.ts';

export interface FleetDocumentDependencies {
  clock: Pick<Clock, 'elapsed' | 'nextTurn'>;
  engines: Engines;
  registry: Registry;
  portChoice: Pick<PortChoice, 'assigner' | 'usedUp'>;
  defined: DefinedNames;
  editor: Editor;
  startCheck: StartCheck;
}

export type Move = FleetMove<Mailbox>;
/** The errors of failed changes. */
export type Failures<Change> = Map<Change, unknown>;

/** The changes that an apply made, or would make. */
export interface Outcome {
  moves: readonly Move[];
  /** The instances to remove. */
  surplus: readonly Mailbox[];
  failures: Failures<Move | Mailbox>;
}

/** A document to apply. Each method compares the document with the instances as they are when it is called. */
export class FleetDocument {
  readonly #dependencies: FleetDocumentDependencies;
  readonly #entries: readonly CreateInstance[];
  readonly #prune: boolean;
  readonly #comparisons: Comparisons = new Map();

  constructor(dependencies: FleetDocumentDependencies, entries: readonly CreateInstance[], prune: boolean) {
    this.#dependencies = dependencies;
    this.#entries = entries;
    this.#prune = prune;
  }

  /** Returns the warnings of the entries. @throws {ApiError} one error for all problems, in the order of the entries */
  async judge(): Promise<string[][]> {
    const { registry } = this.#dependencies;
    const storedOf = (name: string): Settings | null => registry.find(name)?.record.settings ?? null;
    const { problems, warnings } = await judgeEntries(this.#entries, this.#dependencies, storedOf);
    const moves = this.plan();
    const { clashes } = this.#judgeClaims(moves, this.surplus());
    const all = [...problems, ...clashProblems(moves, clashes)];
    if (all.length === 0) return warnings;
    const ordered = all.toSorted((one, other) => one.entry - other.entry).slice(0, MOST_PROBLEMS);
    throw refused(ordered.map((problem) => ({ ...problem, path: `instances[${problem.entry}].${problem.path}` })));
  }

  /** Returns the changes of a dry run, with those that would fail now. */
  async foresee(): Promise<Outcome> {
    const surplus = this.surplus();
    const moves = this.plan();
    const failures = await this.checkStarts(moves, surplus);
    this.assignPorts(moves, failures, surplus);
    return { moves, surplus, failures };
  }

  /** Returns the restarts whose start would fail. Adds a warning to each other move whose instance could not start. */
  async checkStarts(moves: readonly Move[], surplus: readonly Mailbox[]): Promise<Failures<Move>> {
    const { startCheck, editor } = this.#dependencies;
    const failures: Failures<Move> = new Map();
    const handedOver = new Set(
      [...moves.map(portLeft), ...surplus.map(({ state }) => livePort(state))].filter((port) => port !== null),
    );
    for (const move of moves) {
      const { action, present, edit, warnings } = move;
      if (action === 'nothing') continue;
      const wanted = { ...edit, port: edit.port ?? 0 };
      const record = present === null ? editor.draft(move.name, wanted) : editor.revision(present.record, wanted);
      await attemptAll([move], failures, async () => {
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
  assignPorts(moves: readonly Move[], failures: Failures<Move>, surplus: readonly Mailbox[]): Map<Move, number> {
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
    const { registry, portChoice } = this.#dependencies;
    const going = new Set([...moves.map(claimantOf), ...surplus.map(({ record }) => record.id)]);
    return judgeClaims(moves, registry.claims(going), portChoice.assigner(), portChoice.usedUp);
  }

  /** Whether a plan made now has the same actions on the same records. */
  isPlannedAs(moves: readonly Move[]): boolean {
    const later = this.plan();
    return moves.every(
      ({ action, present }, index) =>
        later[index]?.action === action && later[index].present?.record === present?.record,
    );
  }

  plan(): Move[] {
    const { engines, registry } = this.#dependencies;
    const planOf = (record: InstanceRecord): LaunchPlan | null =>
      engines.find(record.settings.engine)?.plan(record) ?? null;
    return planFleet(this.#entries, registry.open(), planOf, this.#comparisons);
  }

  /** The instances to remove. */
  surplus(): Mailbox[] {
    return this.#prune ? unnamed(this.#entries, this.#dependencies.registry.open()) : [];
  }
}

/** Calls `act` for all changes in parallel, and adds their errors to `failures`. */
export async function attemptAll<Change>(
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

/**
 * Longest time for which the check of entries blocks the event loop. Most of its awaits resolve at once, so it would
 * never yield by itself.
 */
const SLICE_MS = 3;

/** Checks each entry on its own, and that all names differ. Stops at {@link MOST_PROBLEMS}: the document is refused anyway. */
async function judgeEntries(
  entries: readonly CreateInstance[],
  { clock, engines, defined }: Pick<FleetDocumentDependencies, 'clock' | 'engines' | 'defined'>,
  storedOf: (name: string) => Settings | null,
): Promise<{ problems: EntryProblem[]; warnings: string[][] }> {
  const problems = sameNames(entries);
  const warnings: string[][] = [];
  let warned = 0;
  let begun = clock.elapsed();
  for (const [entry, body] of entries.entries()) {
    if (problems.length >= MOST_PROBLEMS) break;
    if (clock.elapsed() - begun >= SLICE_MS) {
      await nextTurn(clock);
      begun = clock.elapsed();
    }
    const stored = storedOf(body.name);
    const settings = wantedSettings(body, stored);
    const found = await settingsProblems(settings, engines, defined, stored, MOST_PROBLEMS - warned);
    warned += found.warnings.length;
    problems.push(...found.problems.map((problem) => ({ ...problem, entry })));
    warnings.push(found.warnings);
    // Both launch plans will be compared, so learn the options of both engines.
    for (const each of [stored, settings]) if (each !== null) await engines.find(each.engine)?.learn(each);
  }
  return { problems, warnings };
}

function sameNames(entries: readonly CreateInstance[]): EntryProblem[] {
  const first = new Map<string, number>();
  const problems: EntryProblem[] = [];
  for (const [entry, { name }] of entries.entries()) {
    const other = first.get(name.toLowerCase());
    if (other === undefined) {
      first.set(name.toLowerCase(), entry);
      continue;
    }
    const message = `is ${name}, which is the name of instances[${other}] too; names have to differ in more than case`;
    problems.push({ code: 'VALIDATION_ERROR', path: 'name', message, entry });
    if (problems.length === MOST_PROBLEMS) break;
  }
  return problems;
}
