import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { AlertSink } from '../instances/ports/alert-sink.ts';
import { RUN_LOG, type LogReference } from '../instances/ports/run-output.ts';
import type { RunReference, Runs } from '../instances/ports/runs.ts';
import { createLogKeeper, type LogKeeper, type LogKeeperOptions, type OwnLogKeeper } from '../logs/keeper.ts';
import { readRun, type RunOutput } from '../logs/layout.ts';
import { FakeClock } from './fake-clock.ts';

const PATIENCE_MS = 20_000;
/** Timers up to this long run in real time. The keeper's checks have longer timers. */
const REAL_UP_TO_MS = 500;
const LOOK_MS = 1_000;
const LINE_BYTES = 64;

/**
 * A program that writes the text of {@link expected} endlessly, some 20 MB a second, in pieces that end anywhere within
 * lines. SIGKILL ends it; its output is then a prefix of that text.
 */
const WRITER = `
const { writeSync } = require('node:fs');
const wait = new Int32Array(new SharedArrayBuffer(4));
let text = Buffer.alloc(0);
for (let line = 0, size = 1_000; ; size = size * 31 % 70_001) {
  while (text.length < size) {
    const lines = [];
    for (let n = 0; n < 1_000; n += 1, line += 1) lines.push(('line ' + line + ' ').padEnd(${LINE_BYTES - 1}, '.') + '\\n');
    text = Buffer.concat([text, Buffer.from(lines.join(''))]);
  }
  const written = writeSync(1, text, 0, size);
  text = text.subarray(written);
  Atomics.wait(wait, 0, 0, 1);
}
`;

/** The first bytes of the numbered lines that writers produce. */
export function expected(bytes: number): Buffer {
  const lines = Array.from({ length: Math.ceil(bytes / LINE_BYTES) }, (_, line) =>
    `line ${line} `.padEnd(LINE_BYTES - 1, '.').concat('\n'),
  );
  return Buffer.from(lines.join('')).subarray(0, bytes);
}

/** The concatenated files of a run. Throws if their positions do not fit together. */
export function contentOf({ archives, live, liveFrom, shift }: RunOutput): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (const { file, from, to, size } of archives) {
    if (from !== at || size !== to - from) throw new Error(`${file} has ${size} bytes and follows ${at}`);
    parts.push(readFileSync(file));
    at = to;
  }
  return Buffer.concat([...parts, readFileSync(live).subarray(liveFrom - shift)]);
}

/** Records alerts: those that are raised now (code and instance to message), and every message so far. */
export class StandingAlerts implements AlertSink {
  readonly standing = new Map<string, string>();
  readonly raised: string[] = [];
  raise({ code, instance, message }: Parameters<AlertSink['raise']>[0]): void {
    this.standing.set(`${code} ${instance}`, message);
    this.raised.push(message);
  }
  clear(code: string, instance?: string): void {
    this.standing.delete(`${code} ${instance}`);
  }
}

/** Stops a process while a step runs. The step begins when every task of the process has stopped. */
export function freezerOf({ pid = 0 }: ChildProcess): Pick<Runs, 'whileFrozen'> {
  const isAtRest = (): boolean =>
    readdirSync(`/proc/${pid}/task`).every((task) =>
      readFileSync(`/proc/${pid}/task/${task}/stat`, 'latin1').includes(') T '),
    );
  return {
    whileFrozen: async (_run, step) => {
      process.kill(pid, 'SIGSTOP');
      try {
        while (!isAtRest()) await new Promise((resolve) => setImmediate(resolve));
        await step();
      } finally {
        process.kill(pid, 'SIGCONT');
      }
      return true;
    },
  };
}

/** A freezer for files to which only the test writes. */
const NOTHING_TO_FREEZE: Pick<Runs, 'whileFrozen'> = {
  whileFrozen: async (_run, step) => {
    await step();
    return true;
  },
};

/** A real log folder with a keeper that checks it when the test advances the clock. `dispose` ends the writers. */
export class LogBench {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'llamactl-keeper-'));
  readonly log: LogReference = { folder: this.folder, instance: 'chat' };
  readonly clock = new FakeClock({ realUpToMs: REAL_UP_TO_MS });
  readonly alerts = new StandingAlerts();
  readonly faults: string[] = [];
  readonly #writers: ChildProcess[] = [];
  readonly #keepers: LogKeeper[] = [];
  #runs = 0;

  keeper(options: Partial<LogKeeperOptions> & Pick<LogKeeperOptions, 'limits'>): OwnLogKeeper {
    const { clock, alerts } = this;
    const onFault = (error: unknown, what: string): void => void this.faults.push(`${what}: ${String(error)}`);
    const keeper = createLogKeeper({ clock, alerts, freezer: NOTHING_TO_FREEZE, onFault, ...options });
    this.#keepers.push(keeper);
    return keeper;
  }

  /** Creates a run whose log has this content. */
  newRun(content: string | Buffer = ''): RunReference {
    this.#runs += 1;
    const folder = path.join(this.folder, `${this.#runs}-nonce`);
    mkdirSync(folder);
    writeFileSync(path.join(folder, RUN_LOG), content);
    return { tag: `test.chat.${this.#runs}`, folder };
  }

  /** Writes a program that prints numbered lines, and returns its path. */
  writerProgram(): string {
    const file = path.join(this.folder, 'writer.cjs');
    writeFileSync(file, WRITER);
    return file;
  }

  /** Starts a process that writes numbered lines to a run's log, as engines do. */
  startWriter({ folder }: RunReference): ChildProcess {
    const log = openSync(path.join(folder, RUN_LOG), 'a');
    const writer = spawn(process.execPath, [this.writerProgram()], { stdio: ['ignore', log, log] });
    closeSync(log);
    this.#writers.push(writer);
    return writer;
  }

  async kill(writer: ChildProcess): Promise<void> {
    if (writer.exitCode !== null || writer.signalCode !== null) return;
    const gone = new Promise((resolve) => {
      writer.once('exit', resolve);
    });
    writer.kill('SIGKILL');
    await gone;
  }

  output({ folder }: RunReference): Promise<RunOutput> {
    return readRun(folder, 1, 0);
  }

  names({ folder }: RunReference): string[] {
    return readdirSync(folder).toSorted();
  }

  /** Lets the keeper check until `condition` holds. */
  async untilLooks(condition: () => boolean | Promise<boolean>): Promise<void> {
    const end = performance.now() + PATIENCE_MS;
    while (!(await condition())) {
      if (performance.now() > end)
        throw new Error(`The condition never held: ${condition.toString()}; ${this.faults.join()}`);
      await this.clock.advance(LOOK_MS);
      await new Promise((resolve) => {
        setTimeout(resolve, 2);
      });
    }
  }

  async dispose(): Promise<void> {
    for (const keeper of this.#keepers) keeper.close();
    for (const writer of this.#writers) await this.kill(writer);
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }
}

/** Opens a file as on a full disk: it exists, but every write to it fails. */
export async function openOnFullDisk(file: string): Promise<FileHandle> {
  await (await open(file, 'w')).close();
  return open('/dev/full', 'w');
}
