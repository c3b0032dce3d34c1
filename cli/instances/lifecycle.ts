import type { BatchResult, Status, Instance } from '@llamactl/client';
import type { CommandLine, Session } from '../command-line.ts';
import { lastWords } from '../engine-output.ts';
import { EXIT, type ExitStatus } from '../exit-status.ts';
import { evictedFor, evictedLine } from './evicted-instances.ts';
import { commonFailure, withName, worst, type Outcome } from './many.ts';
import { nearInstance, others, unknownInstance } from './near-instance.ts';
import { AliasUsed, codeOf, Problem } from '../problem.ts';
import { ProgressBoard } from '../screen/progress-board.ts';
import { isAtRest, settled, type IsRest, type Rest } from './settling.ts';
import { untilHealthy } from './health-wait.ts';
import type { Terminal } from '../screen/terminal.ts';
import { cut, plain } from '../screen/text.ts';

/** A command that starts, stops or restarts instances, or only waits for them. */
export interface LifecycleCommand {
  /** As typed by the user. */
  names: readonly string[];
  /** `--all` selected the names, so a failure has to name its instance. */
  isAll?: boolean | undefined;
  goal: Goal;
  /** Only wait: others change the instances. A stopped instance may still start. */
  isOnlyWaiting?: boolean;
  /** Sends the command, and returns the status that each instance entered. */
  begin: (names: readonly string[]) => Promise<Outcome<Status>[]>;
  /** Whether to wait for the outcome. */
  waits: boolean;
  /** Longest wait in seconds; the operation continues after it. Default: no limit. */
  timeout?: number | undefined;
}

/** `healthy`: running, and the engine answers its health check now. */
export type Goal = 'running' | 'stopped' | 'healthy';

/** The outcome for one instance, as in a batch response of the API. A failure also has its code. */
type Result = BatchResult['results'][number] & { code?: string };

/** Lines of output that a failed start shows: enough for the cause. `llamactl logs` has the rest. */
const FAILURE_LINES = 8;

/** Waits by default only when a person reads the output. */
export function waitsByDefault({ terminal }: Session): boolean {
  return terminal.isInteractive && !terminal.isJson;
}

/** Sends a command for each name, and reports the outcomes. */
export async function carryOut(commandLine: CommandLine, session: Session, command: LifecycleCommand): Promise<void> {
  const results = await carriedOut(commandLine, session, command);
  if (session.terminal.isJson) session.terminal.printJson(results);
}

/** As {@link carryOut}, but the caller prints JSON. */
export async function carriedOut(
  commandLine: CommandLine,
  session: Session,
  command: LifecycleCommand,
): Promise<readonly Result[]> {
  const { results, status } = await new LifecycleRun(commandLine, session, command).toEnd();
  commandLine.endWith(status);
  return results;
}

/** One command from sending to report; the board shows its progress. */
class LifecycleRun {
  readonly #session: Session;
  readonly #command: LifecycleCommand;
  readonly #board: ProgressBoard;
  readonly #results = new Map<string, { result: Result; exit: ExitStatus }>();
  readonly #failures: string[][] = [];
  /** Instances that this command has brought to run. */
  readonly #started: string[] = [];
  /** Lookups of instances that have settled. Their errors are thrown once all have settled. */
  readonly #endings: Promise<{ fault: unknown } | null>[] = [];
  /** Whether waiting ends at a status. */
  readonly #isRest: IsRest;
  #deadline: AbortSignal | null = null;

  constructor({ surroundings }: CommandLine, session: Session, command: LifecycleCommand) {
    this.#session = session;
    this.#command = command;
    this.#isRest = command.isOnlyWaiting === true ? endOf(command.goal) : isAtRest;
    this.#board = new ProgressBoard(session, command.names, surroundings.every);
  }

  async toEnd(): Promise<{ results: Result[]; status: ExitStatus }> {
    const { names, isAll = false, begin, waits } = this.#command;
    try {
      const begun = new Map<string, Status>();
      const outcomes = await begin(names);
      const failure = isAll ? null : commonFailure(outcomes);
      if (failure !== null) throw await this.#explained(failure.name, failure.error);
      for (const outcome of outcomes) {
        if ('error' in outcome) await this.#refused(outcome.name, outcome.error);
        else begun.set(outcome.name, outcome.value);
      }
      if (waits) await this.#wait(begun);
      else for (const [name, status] of begun) this.#entered(name, status);
    } finally {
      this.#board.end();
    }
    await this.#nameEvicted();
    for (const lines of this.#failures) this.#report(lines);
    const ends = names.flatMap((name) => this.#results.get(name) ?? []);
    return { results: ends.map(({ result }) => result), status: worst(ends.map(({ exit }) => exit)) };
  }

  /** The error for a person: with the closest name, or with the way to the remedies of a start without its file. */
  async #explained(name: string, error: unknown): Promise<unknown> {
    const reason = await nearInstance(this.#session, name, error);
    const { LlamactlError } = await import('@llamactl/client');
    const isOfFile = reason instanceof LlamactlError && reason.code === 'MODEL_NOT_FOUND';
    if (!isOfFile || this.#session.terminal.isJson) return reason;
    return new Problem(reason.message, EXIT.failed, [helpFor(name)], reason.code);
  }

  async #refused(name: string, error: unknown): Promise<void> {
    const reason = await this.#explained(name, error);
    if (reason instanceof AliasUsed && this.#command.names.length === 1) throw reason;
    const { failureOf } = await import('../failure.ts');
    const { lines, status: exit, json } = failureOf(reason, true);
    this.#end(name, null, exit, lines[0] ?? '', json.code);
    this.#failures.push([withName(name, lines[0] ?? ''), ...lines.slice(1).map((line) => `  ${line}`)]);
  }

  #entered(name: string, status: Status): void {
    this.#board.set(name, { text: status, status, isFinal: true });
    this.#end(name, status, EXIT.ok);
  }

  async #wait(begun: ReadonlyMap<string, Status>): Promise<void> {
    const { client, signal } = this.#session;
    const { timeout } = this.#command;
    const deadline = timeout === undefined ? null : AbortSignal.timeout(timeout * 1_000);
    this.#deadline = deadline;
    const either = deadline === null ? signal : AbortSignal.any([signal, deadline]);
    for (const [name, status] of begun) this.#board.set(name, { text: status, status, isFinal: false });
    try {
      const rests = await settled(client, {
        names: [...begun.keys()],
        signal: either,
        isRest: this.#isRest,
        onStatus: (name, status) => this.#saw(name, status, begun.get(name)),
        onPresence: (isThere) => this.#board.setServerAway(!isThere),
      });
      for (const [name, rest] of rests) if (rest === null) this.#deleted(name);
    } catch (error) {
      if (signal.aborted) throw new Problem(`interrupted${this.#remains}`, EXIT.interrupted);
      if (deadline?.aborted !== true) throw error;
      await this.#ended();
      for (const name of begun.keys()) if (!this.#results.has(name)) this.#tooLate(name, timeout ?? 0);
    }
    await this.#ended();
  }

  async #ended(): Promise<void> {
    const failed = (await Promise.all(this.#endings)).find((each) => each !== null);
    if (failed !== undefined && failed !== null) throw failed.fault;
  }

  #saw(name: string, status: Status, begun: Status | undefined): void {
    if (this.#isRest(status)) {
      const { elapsed } = this.#board;
      const ending = this.#atRest(name, status, begun === status ? null : elapsed);
      this.#endings.push(
        ending.then(
          () => null,
          (fault: unknown) => ({ fault }),
        ),
      );
    } else this.#board.set(name, { text: status, status, isFinal: false });
  }

  /** @param elapsed `null`: the instance was in that status already. */
  async #atRest(name: string, rest: NonNullable<Rest>, elapsed: string | null): Promise<void> {
    const { client, signal, terminal } = this.#session;
    const { goal } = this.#command;
    const instance = await client.getInstance(name, { signal });
    const text = rest === 'running' ? `running, port ${instance.running_port ?? instance.port}` : rest;
    const already = rest === 'running' ? `already ${text}` : text;
    this.#board.set(name, {
      text: elapsed === null ? already : `${text} (${elapsed})`,
      status: rest,
      isFinal: true,
    });
    if (elapsed !== null && rest === 'running' && this.#command.isOnlyWaiting !== true)
      this.#started.push(instance.name);
    if (goal === 'healthy' && rest === 'running') return this.#waitForHealth(name);
    if (rest === goal || (goal === 'stopped' && rest === 'failed')) return this.#end(name, rest, EXIT.ok);
    if (rest === 'failed') {
      this.#end(name, rest, EXIT.startFailed, instance.reason ?? 'it ended');
      this.#failures.push(startFailureLines(instance, terminal));
    } else if (rest === 'stopped') this.#fail(name, rest, EXIT.startFailed, 'it was stopped before it was running');
    else this.#fail(name, rest, EXIT.failed, 'it was started again');
  }

  async #nameEvicted(): Promise<void> {
    const { client, signal, terminal } = this.#session;
    if (this.#started.length === 0 || terminal.isJson || terminal.isQuiet) return;
    const line = evictedLine(await evictedFor(client, this.#started, signal));
    if (line !== null) terminal.note(plain(line));
  }

  async #waitForHealth(name: string): Promise<void> {
    const { client, signal } = this.#session;
    const outcome = await untilHealthy(client, name, { signal, deadline: this.#deadline });
    if (outcome === 'healthy') this.#end(name, 'running', EXIT.ok);
    else if (outcome === 'ended') this.#fail(name, null, EXIT.startFailed, 'it ended before it was healthy');
    else this.#tooLate(name, this.#command.timeout ?? 0);
  }

  #deleted(name: string): void {
    const { goal } = this.#command;
    this.#board.set(name, { text: 'deleted', status: 'stopped', isFinal: true });
    if (goal === 'stopped') this.#end(name, null, EXIT.ok);
    else this.#fail(name, null, EXIT.startFailed, 'it was deleted before it was running');
  }

  #tooLate(name: string, timeout: number): void {
    this.#board.set(name, { text: `not ${this.#command.goal} yet`, status: 'starting', isFinal: true });
    this.#fail(name, null, EXIT.startFailed, `it is not ${this.#command.goal} after ${timeout} s${this.#remains}`);
  }

  /** Suffix of a timeout message: the operation continues on the server. Empty if the command only waited. */
  get #remains(): string {
    return this.#command.isOnlyWaiting === true ? '' : '; the operation continues on the server';
  }

  #fail(name: string, status: Status | null, exit: ExitStatus, error: string): void {
    this.#end(name, status, exit, error);
    this.#failures.push([withName(name, error)]);
  }

  #end(name: string, status: Status | null, exit: ExitStatus, error?: string, code = codeOf(exit)): void {
    this.#results.set(name, { result: { name, status, ...(error === undefined ? {} : { error, code }) }, exit });
  }

  /** Prints a failure; with `--json` the result contains it. */
  #report([first = '', ...rest]: readonly string[]): void {
    const { terminal } = this.#session;
    if (terminal.isJson) return;
    terminal.warn(`llamactl: ${first}`);
    for (const line of rest) terminal.warn(line);
  }
}

/**
 * Returns a test of whether waiting ends at a status: the goal, or `failed`. For waits while others start and stop the
 * instance.
 */
function endOf(goal: Goal): IsRest {
  const reached: Status = goal === 'stopped' ? 'stopped' : 'running';
  return (status): status is NonNullable<Rest> => status === 'failed' || status === reached;
}

/** Converts the response of a batch request to one outcome for each instance. */
export async function batch({ client, signal }: Session, answer: Promise<BatchResult>): Promise<Outcome<Status>[]> {
  const { results } = await answer;
  const isAnyUnknown = results.some(({ status }) => status === null);
  const instances = isAnyUnknown ? await client.listInstances({ signal }) : [];
  const known = results.flatMap(({ name, status }) => (status === null ? [] : [name]));
  return Promise.all(
    results.map(async ({ name, status, error }): Promise<Outcome<Status>> => {
      if (status === null) return { name, error: await unknownInstance(name, others(instances, known)) };
      // A result of a batch has no code.
      const help = MISSING_FILE.test(error ?? '') ? [helpFor(name)] : [];
      if (error !== undefined) return { name, error: new Problem(error, EXIT.failed, help) };
      return { name, value: status };
    }),
  );
}

const MISSING_FILE = /^the model file .* does not exist/;

function helpFor(name: string): string {
  return `for help: llamactl why ${name}`;
}

/** Explains a failed start to a person: the cause, the last output, and where to find more. */
function startFailureLines(
  { name, reason, last_exit: lastExit }: Instance,
  { style, columns }: Pick<Terminal, 'style' | 'columns'>,
): string[] {
  const cause = reason ?? lastExit?.reason ?? 'it ended';
  const lines = lastWords(lastExit?.lines ?? [], FAILURE_LINES);
  return [
    `${name} did not start: ${plain(cause)}`,
    ...lines.map((line) => style.faint(cut(`    ${plain(line)}`, columns))),
    ...(lines.length > 0 ? [`  for its complete output: llamactl logs ${name}`] : []),
  ];
}
