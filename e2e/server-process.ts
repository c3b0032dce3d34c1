import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { InstanceSchema, type Instance } from '@llamactl/contract/instance';
import { PortBlock } from '@llamactl/server/testing/port-block';
import { launcherFlags } from './launcher-flags.ts';
import { COMPILED, MAIN } from './program.ts';
import { testEngine } from '../scripts/test-assets.ts';

const CHECKED_OUT = [process.execPath, ...launcherFlags(), MAIN];

/** A living process that belongs to a run. */
export interface EngineProcess {
  pid: number;
  tag: string;
  /** The small shell around an engine. */
  isWrapper: boolean;
}

/** @see ServerProcess.create */
type Wrap = (dataDirectory: string) => readonly string[];

/** An answer of the API: its status, and its body read as JSON. */
export interface Answer {
  status: number;
  body: Record<string, unknown>;
}

/**
 * The real program in a process of its own, on a data directory that outlives it: it can be killed and started again.
 * `dispose` ends it and every process that carries the mark of its data directory.
 */
export class ServerProcess {
  readonly #folder: string;
  /** Ports for its instances, and for other processes of a test. */
  readonly ports: PortBlock;
  readonly port: number;
  readonly #environment: Record<string, string>;
  readonly #wrap: Wrap;
  readonly #program: readonly string[];
  #child: ChildProcess | null = null;
  #errors = '';

  private constructor(
    folder: string,
    ports: PortBlock,
    environment: Record<string, string>,
    wrap: Wrap,
    program: readonly string[],
  ) {
    this.#folder = folder;
    this.ports = ports;
    this.port = ports.next();
    this.#environment = environment;
    this.#wrap = wrap;
    this.#program = program;
  }

  /**
   * @param configuration YAML for the configuration file, without `instances`. llama-server is found on PATH.
   * @param wrap What to run the program with, given its data directory: a command that becomes it in the end.
   * @param program Default: that of this checkout.
   */
  static async create(
    configuration = '',
    wrap: Wrap = () => [],
    program: readonly string[] = CHECKED_OUT,
  ): Promise<ServerProcess> {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-e2e-'));
    const ports = await PortBlock.take();
    const environment = {
      NODE_COMPILE_CACHE: COMPILED,
      PATH: `${path.dirname(testEngine())}:${process.env['PATH'] ?? ''}`,
      HOME: folder,
    };
    const server = new ServerProcess(folder, ports, environment, wrap, program);
    await server.configure(configuration);
    return server;
  }

  get #configFile(): string {
    return path.join(this.#folder, 'llamactl.yaml');
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The home directory of the server and its engines; the test's own. */
  get home(): string {
    return this.#folder;
  }

  get dataDirectory(): string {
    return path.join(this.#folder, 'data');
  }

  /** The data directory as the server sees it, also when that is on a filesystem of its own. While it runs. */
  get visibleDataDirectory(): string {
    return `/proc/${this.#child?.pid ?? 'self'}/root${this.dataDirectory}`;
  }

  /** Of the server itself. @throws {Error} when it was never started */
  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error('the server was not started');
    return this.#child.pid;
  }

  /** What the server wrote to standard error so far. */
  get errors(): string {
    return this.#errors;
  }

  /** The same, once: what was taken is forgotten. For those that run for long. */
  takeErrors(): string {
    const errors = this.#errors;
    this.#errors = '';
    return errors;
  }

  /** Replaces what `create` was given; the next start reads it. Requests are only limited if it says so: tests are in a hurry. */
  async configure(configuration: string): Promise<void> {
    const [first, last] = this.ports.range;
    const limits = /^rate_limit:/m.test(configuration) ? '' : 'rate_limit: { enabled: false }\n';
    await writeFile(this.#configFile, `instances: { port_range: [${first}, ${last}] }\n${limits}${configuration}`);
  }

  /** Resolves when it answers; rejects with what it wrote when it ends instead. */
  async start(): Promise<void> {
    const flags = [
      '--config',
      path.join(this.#folder, 'llamactl.yaml'),
      '--data-dir',
      this.dataDirectory,
      '--port',
      String(this.port),
    ];
    const [command = '', ...argv] = [...this.#wrap(this.dataDirectory), ...this.#program, 'serve', ...flags];
    const child = spawn(command, argv, {
      env: this.#environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    child.stderr.on('data', (chunk: Buffer) => (this.#errors += chunk.toString()));
    const ended = once(child, 'exit').then(() => {
      throw new Error(`the server ended: ${this.#errors}`);
    });
    ended.catch(() => undefined);
    await Promise.race([once(child.stdout, 'data'), ended]);
  }

  /** Resolves with the exit code of the process that was started when it ends by itself. */
  async ended(): Promise<number | null> {
    if (this.#child === null) throw new Error('the server was not started');
    const { exitCode, signalCode } = this.#child;
    if (exitCode === null && signalCode === null) await once(this.#child, 'exit');
    return this.#child.exitCode;
  }

  /** Ends the server process; engines keep running. Resolves with its exit code when it is gone. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
    return child.exitCode;
  }

  /** Closes the readers of its output and log. */
  dropReaders(): void {
    this.#child?.stdout?.destroy();
    this.#child?.stderr?.destroy();
  }

  async call(method: string, url: string, body?: unknown): Promise<Answer> {
    const content =
      body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const response = await fetch(this.url + url, { method, ...content });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  /** Creates an instance, and waits until it runs. @throws {Error} with the answer, when one of both is refused */
  async run(body: { name: string; [setting: string]: unknown }): Promise<void> {
    const place = '/api/instances';
    for (const [url, content] of [[place, body], [`${place}/${body.name}/start?wait=true`]] as const) {
      const { status, body: answer } = await this.call('POST', url, content);
      if (status >= 300) throw new Error(`POST ${url} answered ${status}: ${JSON.stringify(answer)}`);
    }
  }

  async instance(name: string): Promise<Instance> {
    return InstanceSchema.parse((await this.call('GET', `/api/instances/${name}`)).body);
  }

  /** Living processes of this server's engines, wrappers included. */
  processes(): Promise<EngineProcess[]> {
    return engineProcesses(this.#folder);
  }

  /** How the server that has the data directory describes itself; `null`: none does. */
  async holder(): Promise<{
    pid: number;
    url: string | null;
    reload?: { number: number; state: string } | null;
  } | null> {
    const text = await readFile(path.join(this.dataDirectory, 'server.json'), 'utf8').catch(() => null);
    return text === null ? null : (JSON.parse(text) as { pid: number; url: string | null });
  }

  async dispose(): Promise<void> {
    await this.end('SIGKILL');
    for (const pid of await serverProcesses(this.#folder)) endProcess(pid);
    for (;;) {
      const left = await this.processes();
      if (left.length === 0) break;
      for (const { pid } of left) endProcess(pid);
    }
    this.ports.release();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** Found by the home directory, which each test's server has for itself and which engines inherit. */
async function engineProcesses(home: string): Promise<EngineProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map((pid) => engineProcess(pid, home)));
  return found.filter((each) => each !== null);
}

async function engineProcess(pid: string, home: string): Promise<EngineProcess | null> {
  try {
    const [environment, stat, command] = await Promise.all(
      ['environ', 'stat', 'cmdline'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8')),
    );
    const variables = environment?.split('\0') ?? [];
    const tag = variables.find((variable) => variable.startsWith('LLAMACTL_RUN='));
    const isZombie = stat?.slice(stat.lastIndexOf(')') + 2).startsWith('Z') ?? true;
    if (tag === undefined || isZombie || !variables.includes(`HOME=${home}`)) return null;
    return { pid: Number(pid), tag, isWrapper: command?.includes('llamactl-exec') ?? false };
  } catch (error) {
    // It ended while it was looked at.
    if (error instanceof Error) return null;
    throw error;
  }
}

/** Servers, also those that have replaced the one that was started, by their home directory. */
async function serverProcesses(home: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const [variables, words] = await Promise.all(
        ['environ', 'cmdline'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')),
      );
      const isIts = variables?.split('\0').includes(`HOME=${home}`) === true;
      // The second is how a server calls itself when it has begun.
      const isServer =
        words?.split('\0').includes('--take-over') === true || words?.startsWith('llamactl serve') === true;
      return isIts && isServer ? [Number(pid)] : [];
    }),
  );
  return found.flat();
}
