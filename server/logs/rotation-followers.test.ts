import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import type { LogItem } from '@llamactl/contract/logs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import type { RunLogs } from '../instances/ports/run-output.ts';
import type { RunReference } from '../instances/ports/runs.ts';
import { freezerOf, LogBench } from '../testing/log-bench.ts';
import { createRunLogs } from './run-logs.ts';

const KIB = 1_024;
const LINE_BYTES = 64;
const BURST_LINES = 16_384;
const BURSTS = 14;
const LINES = BURSTS * BURST_LINES;
const LOOK_MS = 1_000;

/** For each byte of input, writes that many numbered lines at full speed, in pieces that end anywhere in a line. */
const WRITER = `
const { readSync, writeSync } = require('node:fs');
let size = 1_000;
for (let burst = 0; readSync(0, Buffer.alloc(1)) === 1; burst += 1) {
  const lines = [];
  for (let n = 0; n < ${BURST_LINES}; n += 1) {
    lines.push(('line ' + (burst * ${BURST_LINES} + n) + ' ').padEnd(${LINE_BYTES - 1}, '.') + '\\n');
  }
  const text = Buffer.from(lines.join(''));
  for (let at = 0; at < text.length; size = size * 31 % 70_001) at += writeSync(1, text, at, Math.min(size + 1, text.length - at));
}
`;

let bench: LogBench;
let run: RunReference;
let logs: RunLogs;
let writer: ChildProcess;
let end: AbortController;

beforeEach(() => {
  bench = new LogBench();
  run = bench.newRun();
  end = new AbortController();
  const log = openSync(path.join(run.folder, 'log'), 'a');
  writer = spawn(process.execPath, ['-e', WRITER], { stdio: ['pipe', log, 'inherit'] });
  closeSync(log);
});
afterEach(async () => {
  end.abort();
  logs.close();
  await bench.kill(writer);
  await bench.dispose();
});

/** Checks that lines are consecutive, and records reported gaps. */
class Lines {
  /** Number of the next line. */
  next = 0;
  readonly gaps: { from_seq: number; to_seq: number }[] = [];

  take(items: readonly LogItem[]): void {
    for (const item of items) {
      if ('gap' in item) {
        this.gaps.push(item.gap);
        this.next = item.gap.to_seq / LINE_BYTES;
      } else {
        const isNext = item.message.startsWith(`line ${this.next} .`) && item.seq === this.seq + LINE_BYTES;
        if (!isNext) throw new Error(`Line ${this.next} was to come, and not ${JSON.stringify(item)}`);
        this.next += 1;
      }
    }
  }

  /** Position after the last line. */
  get seq(): number {
    return this.next * LINE_BYTES;
  }
}

async function follow(lines: Lines, afterSeq: number, isEnough: () => boolean): Promise<void> {
  const query = { lines: null, level: null, afterSeq };
  for await (const items of logs.follow(bench.log, query, end.signal)) {
    lines.take(items);
    if (isEnough()) return;
  }
}

describe('an engine that writes at full speed through ten rotations', () => {
  test('has followers that miss no line without a reported gap', async () => {
    const limits = { maxSizeBytes: 256 * KIB, maxTotalBytes: 4_096 * KIB };
    const isWithinTotal = async (): Promise<boolean> => {
      const { archives, end, liveFrom } = await bench.output(run);
      return archives.reduce((sum, { size }) => sum + size, end - liveFrom) <= limits.maxTotalBytes;
    };
    const keeper = bench.keeper({ limits, freezer: freezerOf(writer) });
    logs = createRunLogs({ clock: systemClock(), keeper, onFault: (error) => bench.faults.push(String(error)) });
    logs.attach(bench.log, run);
    const ordinary = new Lines();
    const reconnecting = new Lines();
    const slow = new Lines();
    let reconnections = 0;
    const all = follow(ordinary, 0, () => ordinary.next === LINES);
    const inParts = (async () => {
      for (; reconnecting.next < LINES && !end.signal.aborted; reconnections += 1) {
        const enough = Math.min(LINES, reconnecting.next + 10_000);
        await follow(reconnecting, reconnecting.seq, () => reconnecting.next >= enough);
      }
    })();
    const slowItems = logs.follow(bench.log, { lines: null, level: null, afterSeq: 0 }, end.signal);
    const slowly = slowItems[Symbol.asyncIterator]();
    // if a follower fails, report its error instead of waiting for its lines
    const failed = Promise.all([all, inParts]).then(() => false);

    let rotations = 0;
    for (let burst = 1; burst <= BURSTS; burst += 1) {
      const { liveFrom } = await bench.output(run);
      writer.stdin?.write('x');
      const isDone = async (): Promise<boolean> =>
        Math.min(ordinary.next, reconnecting.next) >= burst * BURST_LINES &&
        (await bench.output(run)).liveFrom > liveFrom;
      while (!(await isDone())) {
        await bench.clock.advance(LOOK_MS);
        await Promise.race([failed, new Promise((resolve) => setImmediate(resolve))]);
      }
      rotations += 1;
      if (burst === 1) slow.take((await slowly.next()).value as LogItem[]);
    }
    await failed;
    expect(rotations).toBeGreaterThanOrEqual(10);
    expect(reconnections).toBeGreaterThanOrEqual(LINES / 20_000);
    expect([ordinary.gaps, reconnecting.gaps]).toEqual([[], []]);

    // from here on nothing is dropped
    await bench.untilLooks(isWithinTotal);
    const read = slow.seq;
    expect(read).toBeGreaterThan(0);
    while (slow.next < LINES) slow.take((await slowly.next()).value as LogItem[]);
    const { archives } = await bench.output(run);
    const kept = archives.find(({ size, from, to }) => size === to - from);
    expect(slow.gaps).toEqual([{ from_seq: read, to_seq: kept?.from }]);
    expect(bench.faults).toEqual([]);
  });
});
