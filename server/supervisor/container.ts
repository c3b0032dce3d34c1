import { reasonOf } from '@llamactl/contract/reason';
import type { LaunchPlan, RunContainer, RunReference } from '../instances/ports/runs.ts';
import { pause, type Clock } from '../instances/ports/time.ts';
import { isDead, readStat, type ProcessStat } from './process-stat.ts';
import { readTag, TAG_VARIABLE } from './run-tag.ts';
import { readProc } from './proc-file.ts';
import type { ProcessEntry } from './process-scan.ts';
import type { SupervisorLog } from './signals.ts';
import type { RunTool } from './tool.ts';

/**
 * State of a container according to its runtime. `unknown`: the runtime does not answer, or its answer makes no sense.
 */
export type ContainerState =
  | { kind: 'present'; isRunning: boolean }
  | { kind: 'gone' }
  | { kind: 'unknown'; why: string };

/** The container of one run. No method rejects: `look` returns `unknown` if the runtime does not answer. */
export interface Container {
  readonly name: string;
  look(): Promise<ContainerState>;
  /**
   * Makes the runtime send SIGTERM to the container's first process, and SIGKILL after `seconds`. Resolves afterwards
   * with whether that succeeded.
   */
  stop(seconds: number): Promise<boolean>;
  kill(): Promise<void>;
  /**
   * Ends and removes the container. Resolves to whether it is gone; false: cancelled before.
   *
   * @param onLeft called each time the container still exists
   */
  end(onLeft: () => void, isCancelled: () => boolean): Promise<boolean>;
  /** The container's first process on this machine; `null`: unknown, or dead. */
  init(): ProcessStat | null;
}

export interface ContainerDependencies {
  clock: Clock;
  log: SupervisorLog;
  runTool: RunTool;
}

export type Containers = (run: RunReference) => Container | null;

/** Timeout of one call. A daemon under load is slow; one that hangs is called again. */
const TOOL_MS = 10_000;
/**
 * If the runtime gives no answer for this long about a container that was never seen, the end of its client counts as
 * its end.
 */
const NEVER_SEEN_MS = 3_000;
/**
 * How many checks must find a container absent that was never seen. One check may come too early: the client's last
 * request may still be under way.
 */
const ABSENCES = 2;
const GONE = /\bno such (?:container|object)\b/i;
const INSPECTED = /^(true|false) (\d+) (\w+) ?(.*)$/;
const LOOK_EVERY_MS = 250;
/** Variables that llamactl sets or that configure the client: inside a container they mean something else, or nothing. */
const CLIENTS_OWN = /^(?:HOST|PORT|PATH|HOME|TMPDIR)$|^(?:DOCKER|BUILDKIT|CONTAINER|CONTAINERS|PODMAN|XDG)_/;
const LABEL = 'llamactl.run';

/** Creates the container of a run. Keep it while the run is watched: it remembers what was seen. */
export function createContainers(dependencies: ContainerDependencies): Containers {
  return (run) => (run.container === undefined ? null : new RuntimeContainer(dependencies, run.tag, run.container));
}

/**
 * Builds the arguments of a run in a container. Adds a name to stop it by, the tag (in its environment, and as a label
 * for people), and the variables of the plan, which would otherwise reach only the client. Passes only the names of the
 * variables: the client has the values.
 */
export function containerArguments(run: RunReference, plan: LaunchPlan, secrets: Record<string, string>): string[] {
  const { argv, container } = plan;
  if (container === undefined || run.container === undefined) return argv;
  const { at, name, saysWhatRemains } = container;
  const variables = [...Object.keys(plan.environment), ...Object.keys(secrets)].filter((key) => !CLIENTS_OWN.test(key));
  return [
    ...argv.slice(0, at),
    ...(name === null ? ['--name', run.container.name] : []),
    ...(saysWhatRemains ? [] : ['--rm']),
    '--label',
    `${LABEL}=${run.tag}`,
    ...[TAG_VARIABLE, ...variables].flatMap((key) => ['--env', key]),
    ...argv.slice(at),
  ];
}

/** Lists a process and its descendants. Orphans in a container are children of its first process. */
export function descendantsOf(entries: readonly ProcessEntry[], first: ProcessStat): ProcessStat[] {
  const found = [first];
  for (const { pid } of found) {
    found.push(...entries.map(({ stat }) => stat).filter((stat) => stat.parent === pid && !isDead(stat)));
  }
  return found;
}

class RuntimeContainer implements Container {
  readonly name: string;
  readonly #dependencies: ContainerDependencies;
  readonly #tag: string;
  readonly #container: RunContainer;
  #init: ProcessStat | null = null;
  #wasSeen = false;
  #complaint = '';

  constructor(dependencies: ContainerDependencies, tag: string, container: RunContainer) {
    this.name = container.name;
    this.#dependencies = dependencies;
    this.#tag = tag;
    this.#container = container;
  }

  async look(): Promise<ContainerState> {
    const format = `{{.State.Running}} {{.State.Pid}} {{.Id}} {{index .Config.Labels "${LABEL}"}}`;
    const answer = await this.#ask('container', 'inspect', '--format', format, this.name);
    if (typeof answer === 'string') return this.#unknown(answer);
    if (answer.code !== 0) return GONE.test(answer.stderr) ? { kind: 'gone' } : this.#unknown(answer.stderr.trim());
    const [, running, digits, id = '', tag] = INSPECTED.exec(answer.stdout.trim()) ?? [];
    if (running === undefined) return this.#unknown(`it said ${JSON.stringify(answer.stdout.slice(0, 200))}`);
    // the user's name may belong to another container, so that this run's container could not be created
    if (tag !== this.#tag) return { kind: 'gone' };
    this.#wasSeen = true;
    this.#init = this.#firstProcess(Number(digits), id) ?? this.#init;
    return { kind: 'present', isRunning: running === 'true' };
  }

  async stop(seconds: number): Promise<boolean> {
    if ((await this.look()).kind !== 'present') return false;
    const answer = await this.#ask('stop', '-t', String(seconds), this.name);
    return typeof answer !== 'string' && answer.code === 0;
  }

  async kill(): Promise<void> {
    if ((await this.look()).kind !== 'present') return;
    await this.#ask('kill', this.name);
  }

  async end(onLeft: () => void, isCancelled: () => boolean): Promise<boolean> {
    const { clock } = this.#dependencies;
    const begun = clock.elapsed();
    let absences = 0;
    while (!isCancelled()) {
      const state = await this.look();
      if (state.kind === 'gone') {
        absences += 1;
        if (this.#wasSeen || absences >= ABSENCES) return true;
      } else if (state.kind === 'unknown') {
        const isOver = this.#wasSeen ? this.#hasDied() : clock.elapsed() - begun >= NEVER_SEEN_MS;
        if (isOver) return true;
        if (this.#wasSeen) onLeft();
      } else {
        onLeft();
        // kill first: otherwise podman's `rm` sends SIGTERM and waits ten seconds
        if (state.isRunning) await this.#ask('kill', this.name);
        await this.#ask('rm', '--force', this.name);
      }
      await pause(clock, LOOK_EVERY_MS);
    }
    return false;
  }

  init(): ProcessStat | null {
    return this.#hasDied() ? null : this.#init;
  }

  /** Whether the first process is dead. A container ends with it, whatever its runtime reports. */
  #hasDied(): boolean {
    if (this.#init === null) return false;
    const now = readStat(this.#init.pid);
    return now === null || now.startTicks !== this.#init.startTicks || isDead(now);
  }

  /** Finds the first process on this machine. A remote runtime's pid may be any process here: tag or cgroup name must match. */
  #firstProcess(pid: number, id: string): ProcessStat | null {
    const stat = pid === 0 ? null : readStat(pid);
    if (stat === null || isDead(stat)) return null;
    const reading = readTag(pid);
    if (typeof reading === 'object') return reading.tag === this.#tag ? stat : null;
    const groups = readProc(`/proc/${pid}/cgroup`);
    return groups instanceof Buffer && groups.includes(id) ? stat : null;
  }

  #unknown(why: string): ContainerState {
    if (why !== this.#complaint) {
      this.#complaint = why;
      const { log } = this.#dependencies;
      log.warn({ tag: this.#tag, container: this.name, why }, 'The state of a container is unknown; trying again');
    }
    return { kind: 'unknown', why };
  }

  /** Runs a command of the runtime. Returns a string, the reason, if the command could not be run. */
  async #ask(...words: string[]): Promise<{ code: number; stdout: string; stderr: string } | string> {
    const { command, leading, environment } = this.#container;
    try {
      return await this.#dependencies.runTool(command, [...leading, ...words], { timeoutMs: TOOL_MS, environment });
    } catch (error) {
      return reasonOf(error);
    }
  }
}
