import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { LogItem } from '@llamactl/contract/logs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import type { LogQuery, RunLogs, RunReference } from '../instances/ports.ts';
import { createRunLogs } from './run-logs.ts';

let folder: string;
let logs: RunLogs;
let generation: number;
let ends: AbortController[];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'llamactl-follow-'));
  generation = 0;
  ends = [];
  const keeper = { attach: () => {}, detach: () => {}, rotations: () => generation, close: () => {} };
  logs = createRunLogs({ clock: systemClock(), keeper, onFault: () => {} });
});
afterEach(() => {
  for (const end of ends) end.abort();
  logs.close();
  rmSync(folder, { recursive: true });
});

const log = () => ({ folder, instance: 'a' });
const run = (number: number): RunReference => ({ tag: 'test', folder: path.join(folder, `${number}-x`) });
const file = (number: number, name = 'log'): string => path.join(run(number).folder, name);
const write = (number: number, output: string): void => appendFileSync(file(number), output);

/** Writes over and over until somebody has got something. */
async function writeUntil(gotten: Promise<unknown>, number: number, output: string): Promise<void> {
  let isGotten = false;
  const ended = gotten.finally(() => {
    isGotten = true;
  });
  const another = (): void => {
    if (isGotten) return;
    write(number, output);
    systemClock().after(1, another);
  };
  another();
  await ended;
}

/** A run that is written to. */
async function begin(number: number, output = ''): Promise<void> {
  await logs.begin(log(), run(number));
  write(number, output);
  logs.attach(log(), run(number));
}

/** Moves what is before `to` into an archive, as rotation does before it cuts the file. */
function rotate(number: number, from: number, to: number): void {
  const bytes = readFileSync(file(number));
  writeFileSync(file(number, 'tmp'), bytes.subarray(from, to));
  renameSync(file(number, 'tmp'), file(number, `log.${from}-${to}`));
  generation += 1;
  writeFileSync(file(number), bytes.fill(0, 0, to));
}

class Follower {
  readonly abort = new AbortController();
  readonly #items: AsyncIterator<readonly LogItem[]>;
  #pending: LogItem[] = [];

  constructor(query: Partial<LogQuery> = {}) {
    ends.push(this.abort);
    const all = { lines: null, level: null, afterSeq: null, ...query };
    this.#items = logs.follow(log(), all, this.abort.signal)[Symbol.asyncIterator]();
  }

  /** The next items, each as its message, or `from-to` of a gap. */
  async next(count: number): Promise<string[]> {
    while (this.#pending.length < count) {
      const step = await this.#items.next();
      if (step.done === true) throw new Error(`It ended with ${this.#pending.length} of ${count} items`);
      this.#pending.push(...step.value);
    }
    return this.#pending.splice(0, count).map(shown);
  }

  /** Everything until it ends. */
  async rest(): Promise<string[]> {
    const items = this.#pending.splice(0);
    for (let step = await this.#items.next(); step.done !== true; step = await this.#items.next())
      items.push(...step.value);
    return items.map(shown);
  }
}

const shown = (item: LogItem): string => ('gap' in item ? `${item.gap.from_seq}-${item.gap.to_seq}` : item.message);

describe('a follower', () => {
  it('gets what is there, then what comes', async () => {
    await begin(1, 'one\ntwo\n');
    const follower = new Follower();
    expect(await follower.next(2)).toEqual(['one', 'two']);
    write(1, 'three\n');
    expect(await follower.next(1)).toEqual(['three']);
    write(1, 'four\nfive\n');
    expect(await follower.next(2)).toEqual(['four', 'five']);
  });

  it('gets the last lines first, when it asks for so many, and goes on where they end', async () => {
    await begin(1, 'one\ntwo\nthr');
    const follower = new Follower({ lines: 1 });
    expect(await follower.next(1)).toEqual(['two']);
    write(1, 'ee\nfour\n');
    expect(await follower.next(2)).toEqual(['three', 'four']);
  });

  it('gets only what comes, when it asks for no lines', async () => {
    await begin(1, 'one\n');
    const next = new Follower({ lines: 0 }).next(1);
    await writeUntil(next, 1, 'two\n');
    expect(await next).toEqual(['two']);
  });

  it('goes on behind a place', async () => {
    await begin(1, 'one\ntwo\nthree\n');
    expect(await new Follower({ afterSeq: 4 }).next(2)).toEqual(['two', 'three']);
    expect(await new Follower({ afterSeq: 4, lines: 1 }).next(2)).toEqual(['two', 'three']);
  });

  it('goes on behind a line that a run left unfinished', async () => {
    await begin(1, 'one\ntw');
    logs.detach(log(), run(1));
    await begin(2, 'three\n');
    expect(await new Follower({ afterSeq: 6 }).next(1)).toEqual(['three']);
  });

  it('whose place is behind the end gets what comes from now on', async () => {
    await begin(1, 'one\n');
    const next = new Follower({ afterSeq: 1_000_000 }).next(1);
    await writeUntil(next, 1, 'two\n');
    expect(await next).toEqual(['two']);
  });

  it('gets lines of its level and above, with continued ones', async () => {
    await begin(1, '0.00.001.000 I one\n');
    const follower = new Follower({ level: 'warn' });
    const next = follower.next(2);
    write(1, '0.00.002.000 W two\n');
    write(1, ' more\n0.00.003.000 I three\n');
    expect(await next).toEqual(['two', ' more']);
  });

  it('gets a line when it has ended', async () => {
    await begin(1, 'one\ntw');
    const follower = new Follower();
    expect(await follower.next(1)).toEqual(['one']);
    write(1, 'o');
    const next = follower.next(1);
    write(1, '!\n');
    expect(await next).toEqual(['two!']);
  });

  it('gets the unfinished last line of a run when the run is over, and goes on with the next run', async () => {
    await begin(1, 'one\ntw');
    const follower = new Follower();
    expect(await follower.next(1)).toEqual(['one']);
    const next = follower.next(1);
    logs.detach(log(), run(1));
    expect(await next).toEqual(['tw']);
    const first = follower.next(1);
    await begin(2);
    write(2, 'three\n');
    expect(await first).toEqual(['three']);
  });

  it('waits for the first run', async () => {
    const first = new Follower().next(1);
    await begin(1, 'one\n');
    expect(await first).toEqual(['one']);
  });

  it('waits for the file of a run', async () => {
    await logs.begin(log(), run(1));
    logs.attach(log(), run(1));
    const first = new Follower().next(1);
    write(1, 'one\n');
    expect(await first).toEqual(['one']);
  });

  it('goes on over rotations', async () => {
    await begin(1, 'one\ntwo\n');
    const follower = new Follower();
    expect(await follower.next(1)).toEqual(['one']);
    rotate(1, 0, 8);
    write(1, 'three\n');
    rotate(1, 8, 14);
    write(1, 'four\n');
    expect(await follower.next(3)).toEqual(['two', 'three', 'four']);
  });

  it('goes on where a file was cut', async () => {
    await begin(1, 'one\ntwo\n');
    const follower = new Follower();
    expect(await follower.next(2)).toEqual(['one', 'two']);
    const next = follower.next(2);
    write(1, 'three\n');
    writeFileSync(file(1, 'log.0-14'), 'one\ntwo\nthree\n');
    generation += 1;
    truncateSync(file(1));
    renameSync(file(1, 'log.0-14'), file(1, 'log.0-14.cut'));
    generation += 1;
    write(1, 'four\n');
    expect(await next).toEqual(['three', 'four']);
  });

  it('is told what it has missed', async () => {
    await begin(1, 'one\ntwo\nthree\n');
    rotate(1, 0, 8);
    truncateSync(file(1, 'log.0-8'));
    expect(await new Follower({ afterSeq: 4 }).next(2)).toEqual(['4-8', 'three']);
    expect(await new Follower({ afterSeq: 0, level: 'error' }).next(1)).toEqual(['0-8']);
    expect(await new Follower().next(1)).toEqual(['three']);
  });

  it('is told what it has missed because it was slow', async () => {
    await begin(1, 'one\n');
    const follower = new Follower();
    expect(await follower.next(1)).toEqual(['one']);
    write(1, 'two\n');
    write(1, 'three\nfour\n');
    rotate(1, 0, 8);
    rotate(1, 8, 14);
    truncateSync(file(1, 'log.0-8'));
    rmSync(file(1, 'log.0-8'));
    expect(await follower.next(3)).toEqual(['4-8', 'three', 'four']);
  });

  it('ends when it is told to, when the log is forgotten, and when all is closed', async () => {
    await begin(1, 'one\n');
    const [aborted, forgotten] = [new Follower(), new Follower()];
    await Promise.all([aborted.next(1), forgotten.next(1)]);
    const rests = [aborted.rest(), forgotten.rest()];
    aborted.abort.abort();
    expect(await rests[0]).toEqual([]);
    logs.forget(log());
    expect(await rests[1]).toEqual([]);

    const closed = new Follower();
    await closed.next(1);
    const rest = closed.rest();
    logs.close();
    expect(await rest).toEqual([]);
    expect(await new Follower().rest()).toEqual([]);
    const other = { folder: path.join(folder, 'other'), instance: 'b' };
    const items = logs.follow(other, { lines: 1, level: null, afterSeq: null }, new AbortController().signal);
    expect(await items[Symbol.asyncIterator]().next()).toMatchObject({ done: true });
  });

  it('that is aborted before it begins gets nothing', async () => {
    await begin(1, 'one\n');
    const follower = new Follower();
    follower.abort.abort();
    expect(await follower.rest()).toEqual([]);
  });
});
