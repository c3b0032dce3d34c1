import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { LogItem } from '@llamactl/contract/logs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import type { LogQuery, RunLogs } from '../instances/ports/run-output.ts';
import type { RunReference } from '../instances/ports/runs.ts';
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

/** Writes repeatedly until a reader has got something. */
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

/** A run that a process writes to. */
async function begin(number: number, output = ''): Promise<void> {
  await logs.begin(log(), run(number));
  write(number, output);
  logs.attach(log(), run(number));
}

/** Moves the bytes before `to` into an archive, as rotation does before cutting the file. */
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

  /** The next items: messages, or `from-to` for a gap. */
  async next(count: number): Promise<string[]> {
    while (this.#pending.length < count) {
      const step = await this.#items.next();
      if (step.done === true) throw new Error(`It ended with ${this.#pending.length} of ${count} items`);
      this.#pending.push(...step.value);
    }
    return this.#pending.splice(0, count).map(shown);
  }

  /** All items until the end. */
  async rest(): Promise<string[]> {
    const items = this.#pending.splice(0);
    for (let step = await this.#items.next(); step.done !== true; step = await this.#items.next())
      items.push(...step.value);
    return items.map(shown);
  }
}

const shown = (item: LogItem): string => ('gap' in item ? `${item.gap.from_seq}-${item.gap.to_seq}` : item.message);

describe('followLog', () => {
  it('yields existing lines, then new ones', async () => {
    await begin(1, 'one\ntwo\n');
    const follower = new Follower();
    expect(await follower.next(2)).toEqual(['one', 'two']);
    write(1, 'three\n');
    expect(await follower.next(1)).toEqual(['three']);
    write(1, 'four\nfive\n');
    expect(await follower.next(2)).toEqual(['four', 'five']);
  });

  it('yields the requested last lines, then continues after them', async () => {
    await begin(1, 'one\ntwo\nthr');
    const follower = new Follower({ lines: 1 });
    expect(await follower.next(1)).toEqual(['two']);
    write(1, 'ee\nfour\n');
    expect(await follower.next(2)).toEqual(['three', 'four']);
  });

  it('yields only new lines when none are requested', async () => {
    await begin(1, 'one\n');
    const next = new Follower({ lines: 0 }).next(1);
    await writeUntil(next, 1, 'two\n');
    expect(await next).toEqual(['two']);
  });

  it('continues after a position', async () => {
    await begin(1, 'one\ntwo\nthree\n');
    expect(await new Follower({ afterSeq: 4 }).next(2)).toEqual(['two', 'three']);
    expect(await new Follower({ afterSeq: 4, lines: 1 }).next(2)).toEqual(['two', 'three']);
  });

  it('continues after an unfinished line of a run', async () => {
    await begin(1, 'one\ntw');
    logs.detach(log(), run(1));
    await begin(2, 'three\n');
    expect(await new Follower({ afterSeq: 6 }).next(1)).toEqual(['three']);
  });

  it('yields only new lines for a position behind the end', async () => {
    await begin(1, 'one\n');
    const next = new Follower({ afterSeq: 1_000_000 }).next(1);
    await writeUntil(next, 1, 'two\n');
    expect(await next).toEqual(['two']);
  });

  it('filters by level, including continuation lines', async () => {
    await begin(1, '0.00.001.000 I one\n');
    const follower = new Follower({ level: 'warn' });
    const next = follower.next(2);
    write(1, '0.00.002.000 W two\n');
    write(1, ' more\n0.00.003.000 I three\n');
    expect(await next).toEqual(['two', ' more']);
  });

  it('yields a line when it is finished', async () => {
    await begin(1, 'one\ntw');
    const follower = new Follower();
    expect(await follower.next(1)).toEqual(['one']);
    write(1, 'o');
    const next = follower.next(1);
    write(1, '!\n');
    expect(await next).toEqual(['two!']);
  });

  it('yields the unfinished last line of a run when the run ends, then the next run', async () => {
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

  it('continues over rotations', async () => {
    await begin(1, 'one\ntwo\n');
    const follower = new Follower();
    expect(await follower.next(1)).toEqual(['one']);
    rotate(1, 0, 8);
    write(1, 'three\n');
    rotate(1, 8, 14);
    write(1, 'four\n');
    expect(await follower.next(3)).toEqual(['two', 'three', 'four']);
  });

  it('continues after the file was cut', async () => {
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

  it('reports a gap for dropped output', async () => {
    await begin(1, 'one\ntwo\nthree\n');
    rotate(1, 0, 8);
    truncateSync(file(1, 'log.0-8'));
    expect(await new Follower({ afterSeq: 4 }).next(2)).toEqual(['4-8', 'three']);
    expect(await new Follower({ afterSeq: 0, level: 'error' }).next(1)).toEqual(['0-8']);
    expect(await new Follower().next(1)).toEqual(['three']);
  });

  it('reports a gap when it was too slow', async () => {
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

  it('ends on abort, when the log is forgotten, and on close', async () => {
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

  it('yields nothing when aborted before it begins', async () => {
    await begin(1, 'one\n');
    const follower = new Follower();
    follower.abort.abort();
    expect(await follower.rest()).toEqual([]);
  });
});
