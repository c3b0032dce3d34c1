import { appendFileSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RunReference, Runs } from '../instances/ports/runs.ts';
import { contentOf, expected, freezerOf, LogBench, openOnFullDisk } from '../testing/log-bench.ts';
import { RealBench } from '../testing/real-bench.ts';
import { RecordingListener } from '../testing/recording-listener.ts';

const KIB = 1_024;
const MIB = 1_048_576;
const LINE_BYTES = 64;
const ALERT = 'log_rotation_failed chat';

let bench: LogBench;
let run: RunReference;

beforeEach(() => {
  bench = new LogBench();
  run = bench.newRun();
});
afterEach(() => bench.dispose());

const limits = { maxSizeBytes: 512 * KIB, maxTotalBytes: 1_000 * MIB };
const archivesOf = (one: RunReference): string[] => bench.names(one).filter((name) => /^log\.\d/.test(name));
const untilArchives = (count: number, one = run): Promise<void> =>
  bench.untilLooks(() => archivesOf(one).filter((name) => name.endsWith('.cut')).length >= count);
const append = (text: string | Buffer, one = run): void => appendFileSync(path.join(one.folder, 'log'), text);
/** Waits until all earlier jobs are done, by a job of another run: jobs run one after the other. */
const untilSettled = async (attach: (one: RunReference) => void): Promise<void> => {
  const other = bench.newRun(expected(600 * KIB));
  attach(other);
  await untilArchives(1, other);
};
const expectEveryByte = async (one = run): Promise<void> => {
  const content = contentOf(await bench.output(one));
  expect(content.equals(expected(content.length))).toBe(true);
};

describe('an engine that writes while its log is rotated', () => {
  const TIMES = 12;
  test('loses no byte, and its file starts empty again', async () => {
    const writer = bench.startWriter(run);
    const keeper = bench.keeper({ limits, freezer: freezerOf(writer) });
    keeper.attach(bench.log, run);
    await untilArchives(TIMES);
    await bench.kill(writer);
    keeper.detach(bench.log, run);
    await untilSettled((other) => bench.keeper({ limits }).attach(bench.log, other));
    await expectEveryByte();
    const { archives, shift, liveFrom } = await bench.output(run);
    expect(archives.at(-1)?.cut).toBe(true);
    expect(archives.every(({ file }) => readFileSync(file).at(-1) === 0x0a)).toBe(true);
    expect(shift).toBe(liveFrom);
    expect(bench.alerts.standing.size).toBe(0);
    expect(bench.faults).toEqual([]);
  });

  test('loses no byte under the supervisor', async () => {
    const machine = new RealBench();
    try {
      const { supervisor } = machine;
      run = { ...machine.newRun(), folder: path.join(bench.folder, '2-real') };
      const plan = { ...machine.engine(), command: process.execPath, argv: [bench.writerProgram()] };
      await supervisor.spawn(run, plan, {}, new RecordingListener());
      const keeper = bench.keeper({ limits, freezer: supervisor });
      keeper.attach(bench.log, run);
      await untilArchives(TIMES);
      const listener = new RecordingListener();
      const identity = await supervisor.inspect(run, null);
      expect(identity.found).toBe('alive');
      supervisor.kill(run);
      await bench.untilLooks(() => supervisor.pids(run).length === 0);
      keeper.detach(bench.log, run);
      expect(listener.exits).toEqual([]);
      await untilSettled((other) => bench.keeper({ limits }).attach(bench.log, other));
      await expectEveryByte();
      expect(bench.alerts.standing.size).toBe(0);
    } finally {
      await machine.dispose();
    }
  });

  test('keeps at most the total, and the newest output', async () => {
    const writer = bench.startWriter(run);
    const keeper = bench.keeper({
      limits: { maxSizeBytes: 512 * KIB, maxTotalBytes: 4 * MIB },
      freezer: freezerOf(writer),
    });
    keeper.attach(bench.log, run);
    await bench.untilLooks(async () => (await bench.output(run)).liveFrom > 12 * MIB);
    await bench.kill(writer);
    await bench.untilLooks(async () => {
      const { archives, end, liveFrom } = await bench.output(run);
      return archives.reduce((sum, { size }) => sum + size, end - liveFrom) <= 4 * MIB;
    });
    const { archives, live, liveFrom, shift, end } = await bench.output(run);
    const parts = [...archives.map(({ file }) => readFileSync(file)), readFileSync(live).subarray(liveFrom - shift)];
    const kept = Buffer.concat(parts);
    expect(kept.equals(expected(end).subarray(end - kept.length))).toBe(true);
  });
});

describe('a burst of output, faster than the checks', () => {
  const burst = 30 * MIB;
  const small = { maxSizeBytes: MIB, maxTotalBytes: 3 * MIB };

  test('leaves the newest lines within the total, in archives of the usual size', async () => {
    const one = bench.newRun(expected(burst));
    bench.keeper({ limits: small }).attach(bench.log, one);
    await untilArchives(1, one);
    await untilSettled((other) => bench.keeper({ limits }).attach(bench.log, other));
    const { archives, end, shift } = await bench.output(one);
    const kept = Buffer.concat(archives.map(({ file }) => readFileSync(file)));
    expect([end, shift]).toEqual([burst, burst]);
    expect(kept.length).toBeGreaterThan(MIB);
    expect(kept.length).toBeLessThanOrEqual(3 * MIB);
    expect(kept.equals(expected(burst).subarray(burst - kept.length))).toBe(true);
    expect(Math.max(...archives.map(({ size }) => size))).toBeLessThanOrEqual(2 * MIB);
  });

  test('loses no byte below the total', async () => {
    const one = bench.newRun(expected(burst));
    bench.keeper({ limits: { maxSizeBytes: MIB, maxTotalBytes: 100 * MIB } }).attach(bench.log, one);
    await untilArchives(1, one);
    await expectEveryByte(one);
    expect(archivesOf(one).length).toBeGreaterThan(20);
  });

  test('is archived from where a crash of llamactl left it', async () => {
    const one = bench.newRun(expected(burst));
    const piece = path.join(one.folder, `log.0-${MIB}`);
    writeFileSync(piece, expected(MIB));
    bench.keeper({ limits: { maxSizeBytes: MIB, maxTotalBytes: 100 * MIB } }).attach(bench.log, one);
    await untilArchives(1, one);
    await expectEveryByte(one);
  });
});

describe('LogKeeper', () => {
  test('rotates a file above the limit up to its last whole line', async () => {
    bench.keeper({ limits }).attach(bench.log, run);
    append(expected(600 * KIB + 10));
    await untilArchives(1);
    expect(archivesOf(run)).toEqual([`log.0-${600 * KIB}.cut`]);
    await expectEveryByte();
  });

  test('does not rotate at or below the limit', async () => {
    const keeper = bench.keeper({ limits });
    keeper.attach(bench.log, run);
    append(expected(512 * KIB));
    await untilSettled((other) => keeper.attach(bench.log, other));
    expect(archivesOf(run)).toEqual([]);
  });

  test('waits for the end of a line up to four times the limit', async () => {
    const keeper = bench.keeper({ limits });
    keeper.attach(bench.log, run);
    append('x'.repeat(4 * 512 * KIB));
    await untilSettled((other) => keeper.attach(bench.log, other));
    expect(archivesOf(run)).toEqual([]);
    append('x');
    await untilArchives(1);
    expect(archivesOf(run)).toEqual([`log.0-${4 * 512 * KIB + 1}.cut`]);
  });

  test('rotates a long line whole when it ends', async () => {
    const keeper = bench.keeper({ limits });
    keeper.attach(bench.log, run);
    append('x'.repeat(MIB));
    await untilSettled((other) => keeper.attach(bench.log, other));
    append('end\nnext');
    await untilArchives(1);
    expect(archivesOf(run)).toEqual([`log.0-${MIB + 4}.cut`]);
  });

  test('rotates at half the total when that is less', async () => {
    bench.keeper({ limits: { maxSizeBytes: 512 * KIB, maxTotalBytes: 512 * KIB } }).attach(bench.log, run);
    append(expected(256 * KIB + 64));
    await untilArchives(1);
  });

  test('checks only attached runs, and has a timer only for them', async () => {
    const keeper = bench.keeper({ limits });
    expect(bench.clock.pending).toEqual([]);
    keeper.attach(bench.log, run);
    keeper.attach(bench.log, run);
    keeper.attach(bench.log, bench.newRun());
    expect(bench.clock.pending).toEqual([1_000]);
    keeper.detach(bench.log, run);
    expect(bench.clock.pending).toEqual([1_000]);
    keeper.close();
    expect(bench.clock.pending).toEqual([]);
  });

  test('stops the timer at the last detach', () => {
    const keeper = bench.keeper({ limits });
    keeper.attach(bench.log, run);
    keeper.detach(bench.log, run);
    expect(bench.clock.pending).toEqual([]);
  });

  test('changes the generation at every rotation, and when the run ends', async () => {
    const keeper = bench.keeper({ limits });
    const seen = new Set([keeper.rotations(run.folder)]);
    keeper.attach(bench.log, run);
    for (let times = 1; times <= 3; times += 1) {
      append(expected(600 * KIB));
      await untilArchives(times);
      await bench.untilLooks(() => !seen.has(keeper.rotations(run.folder)));
      seen.add(keeper.rotations(run.folder));
    }
    keeper.detach(bench.log, run);
    expect(seen).not.toContain(keeper.rotations(run.folder));
  });

  test('abandons a rotation on close, and leaves no unfinished file', async () => {
    let isOpened = false;
    const opening = Promise.withResolvers<void>();
    const keeper = bench.keeper({
      limits,
      openArchive: async (file) => {
        isOpened = true;
        await opening.promise;
        return open(file, 'w');
      },
    });
    keeper.attach(bench.log, run);
    append(expected(600 * KIB));
    await bench.untilLooks(() => isOpened);
    keeper.close();
    opening.resolve();
    await bench.untilLooks(() => bench.names(run).join() === 'log');
    expect(bench.alerts.standing.size).toBe(0);
  });
});

describe('an unfinished line at the cut', () => {
  test('stays in the file', async () => {
    bench.keeper({ limits }).attach(bench.log, run);
    append(expected(600 * KIB + 10));
    await untilArchives(1);
    await bench.untilLooks(() => archivesOf(run)[0] === `log.0-${600 * KIB}.cut`);
    expect(readFileSync(path.join(run.folder, 'log'), 'latin1')).toBe('line 9600 ');
    append(expected(600 * KIB + 64).subarray(600 * KIB + 10));
    await expectEveryByte();
  });

  test('moves to the archive when it is very long', async () => {
    bench.keeper({ limits }).attach(bench.log, run);
    append(`${'x'.repeat(600 * KIB)}\n${'y'.repeat(70 * KIB)}`);
    await bench.untilLooks(() => archivesOf(run)[0] === `log.0-${670 * KIB + 1}.cut`);
    expect(statSync(path.join(run.folder, 'log')).size).toBe(0);
  });

  test('moves to the archive when it is longer than all earlier output', async () => {
    const small = { maxSizeBytes: 8 * KIB, maxTotalBytes: MIB };
    bench.keeper({ limits: small }).attach(bench.log, run);
    append(`${'x'.repeat(4 * KIB)}\n${'y'.repeat(5 * KIB)}`);
    await bench.untilLooks(() => archivesOf(run)[0] === `log.0-${9 * KIB + 1}.cut`);
  });
});

describe('a crash of llamactl', () => {
  /** Bytes that are archived at the crash. `rest` is the length of the unfinished line after them. */
  const done = 600 * KIB;
  const rest = 10;
  const name = (one: string): string => path.join(run.folder, one);
  const write = (one: string, content: Buffer): void => writeFileSync(name(one), content);
  const states: [string, () => void][] = [
    ['with an unfinished copy', () => write('archive.tmp', expected(done / 2))],
    ['before the file was cut', () => write(`log.0-${done}`, expected(done))],
    [
      'before the file was cut, with the unfinished line already in front',
      () => {
        write(`log.0-${done}`, expected(done));
        const all = expected(done + rest);
        write('log', Buffer.concat([all.subarray(done), all.subarray(rest)]));
      },
    ],
    [
      'when the file was cut but the archive not renamed',
      () => {
        write(`log.0-${done}`, expected(done));
        write('log', expected(done + rest).subarray(done));
      },
    ],
    [
      'when the file was cut to nothing but the archive not renamed',
      () => {
        write(`log.0-${done + rest}`, expected(done + rest));
        truncateSync(name('log'), 0);
      },
    ],
    [
      'before the file was cut, and the waker woke the engine',
      () => {
        write(`log.0-${done}`, expected(done));
        write('log.woken', Buffer.from(`${done + rest}\n`));
      },
    ],
    [
      'when the file was cut, and the waker had no space for its record',
      () => {
        write(`log.0-${done}`, expected(done));
        write('log', expected(done + rest).subarray(done));
        write('log.woken', Buffer.alloc(0));
      },
    ],
  ];

  /** Waits until no byte is in both an archive and the file: a rotation must cut the file for this reason alone. */
  const untilInOrder = async (): Promise<void> =>
    bench.untilLooks(async () => {
      const { liveFrom, shift } = await bench.output(run);
      return liveFrom === shift && bench.names(run).every((one) => !/\.(tmp|woken)$/.test(one));
    });

  test.each(states)('%s loses nothing: the engine wakes, writes, and is rotated again', async (_when, leave) => {
    append(expected(done + rest));
    leave();
    // output after the crash, before the files are recovered
    append(expected(done + 100).subarray(done + rest));
    const keeper = bench.keeper({ limits });
    const before = keeper.rotations(run.folder);
    keeper.attach(bench.log, run);
    await bench.untilLooks(() => keeper.rotations(run.folder) !== before);
    await untilInOrder();
    append(expected(done + 550 * KIB).subarray(done + 100));
    await untilArchives(1);
    append(expected(3 * done).subarray(done + 550 * KIB));
    await bench.untilLooks(async () => (await bench.output(run)).shift > 2 * done);
    await expectEveryByte();
    expect(contentOf(await bench.output(run)).length).toBe(3 * done);
    expect(bench.names(run).filter((one) => !/^log(\.\d+-\d+(\.cut)?)?$/.test(one))).toEqual([]);
    expect(bench.faults).toEqual([]);
  });

  test('loses no output when the engine wrote more after the cut than was cut off', async () => {
    write(`log.0-${done}`, expected(done));
    write('log', expected(3 * done).subarray(done));
    write('log.woken', Buffer.from(' 10\n'));
    bench.keeper({ limits }).attach(bench.log, run);
    await untilInOrder();
    await untilArchives(2);
    await expectEveryByte();
    expect(contentOf(await bench.output(run)).length).toBe(3 * done);
  });

  test('before the cut leads to a cut at once, not at the next rotation', async () => {
    append(expected(done + rest));
    write(`log.0-${done}`, expected(done));
    bench.keeper({ limits }).attach(bench.log, run);
    await untilInOrder();
    await expectEveryByte();
    expect(statSync(name('log')).size).toBeLessThan(100);
  });
});

describe('old runs', () => {
  test('lose their output before the newest run, but their end stays known', async () => {
    append(expected(300 * KIB));
    writeFileSync(path.join(run.folder, 'log.0-1000'), '');
    const newest = bench.newRun(expected(700 * KIB));
    bench.keeper({ limits: { maxSizeBytes: MIB, maxTotalBytes: 800 * KIB } }).detach(bench.log, newest);
    await bench.untilLooks(() => bench.names(run).join() === `log.0-1000,log.1000-${300 * KIB}`);
    expect((await bench.output(run)).end).toBe(300 * KIB);
    expect((await bench.output(newest)).end).toBe(700 * KIB);
    await expectEveryByte(newest);
  });

  test('are kept within the total', async () => {
    append(expected(300 * KIB));
    const newest = bench.newRun(expected(400 * KIB));
    const keeper = bench.keeper({ limits: { maxSizeBytes: 512 * KIB, maxTotalBytes: 1_300 * KIB } });
    keeper.detach(bench.log, newest);
    await untilSettled((other) => keeper.attach(bench.log, other));
    await expectEveryByte();
  });

  test('make room for the newest before it is rotated', async () => {
    append(expected(400 * KIB));
    const newest = bench.newRun();
    bench.keeper({ limits: { maxSizeBytes: 500 * KIB, maxTotalBytes: MIB } }).attach(bench.log, newest);
    const older = path.join(bench.folder, '0-older');
    mkdirSync(older);
    writeFileSync(path.join(older, 'log'), expected(300 * KIB));
    append(expected(499 * KIB), newest);
    await bench.untilLooks(() => bench.names({ ...run, folder: older }).join() === `log.0-${300 * KIB}`);
    await expectEveryByte();
    expect(archivesOf(newest)).toEqual([]);
  });
});

describe('a full disk', () => {
  let isFull: boolean;
  const openArchive: typeof openOnFullDisk = (file) => (isFull ? openOnFullDisk(file) : open(file, 'w'));
  beforeEach(() => {
    isFull = true;
  });

  test('drops the oldest output first, without an alert if that suffices', async () => {
    append(expected(300 * KIB));
    const newest = bench.newRun(expected(600 * KIB));
    const opening: typeof openArchive = (file) => {
      // the disk has room once the old run's output is dropped
      isFull = bench.names(run).includes('log');
      return openArchive(file);
    };
    bench.keeper({ limits, openArchive: opening }).attach(bench.log, newest);
    await untilArchives(1, newest);
    expect(bench.names(run)).toEqual([`log.0-${300 * KIB}`]);
    await expectEveryByte(newest);
    expect(bench.alerts.standing.size).toBe(0);
  });

  test('raises an alert, keeps the file, and clears the alert when there is space', async () => {
    bench.keeper({ limits, openArchive }).attach(bench.log, run);
    append(expected(600 * KIB));
    await bench.untilLooks(() => bench.alerts.standing.has(ALERT));
    expect(bench.alerts.standing.get(ALERT)).toMatch(/the disk is full.*Free some space/);
    expect(bench.names(run)).toEqual(['log']);
    await expectEveryByte();
    isFull = false;
    await bench.untilLooks(() => bench.alerts.standing.size === 0);
    expect(archivesOf(run)).toHaveLength(1);
    await expectEveryByte();
  });

  test("drops all but the newest lines of the file if it stays full; the archive's name records that", async () => {
    bench.keeper({ limits, openArchive }).attach(bench.log, run);
    append(expected(600 * KIB));
    await bench.untilLooks(() => bench.alerts.raised.some((message) => message.includes('was dropped')));
    const { archives, live, liveFrom, shift, end } = await bench.output(run);
    const dropped = 344 * KIB + LINE_BYTES;
    expect(archives).toMatchObject([{ from: 0, to: dropped, size: 0, cut: true }]);
    expect({ liveFrom, shift, end }).toEqual({ liveFrom: dropped, shift: dropped, end: 600 * KIB });
    expect(readFileSync(live).equals(expected(end).subarray(dropped))).toBe(true);
    // the alert ends: the room is measured on the real disk, which has enough
    await bench.untilLooks(() => bench.alerts.standing.size === 0);
  });

  test('drops a file of one line if it stays full', async () => {
    bench.keeper({ limits, openArchive }).attach(bench.log, run);
    append('x'.repeat(4 * 512 * KIB + 1));
    await bench.untilLooks(() => bench.alerts.raised.some((message) => message.includes('was dropped')));
    expect(await bench.output(run)).toMatchObject({ end: 2 * MIB + 1, shift: 2 * MIB + 1 });
  });
});

describe('an engine is stopped', () => {
  test('until the archive has the name of a cut archive', async () => {
    const names: string[][] = [];
    const freezer: Pick<Runs, 'whileFrozen'> = {
      whileFrozen: async (one, step) => {
        names.push(bench.names(one));
        await step();
        names.push(bench.names(one));
        return true;
      },
    };
    const keeper = bench.keeper({ limits, freezer });
    const before = keeper.rotations(run.folder);
    keeper.attach(bench.log, run);
    await bench.untilLooks(() => keeper.rotations(run.folder) !== before);
    // written by a waker that was slower than the restart after the crash
    writeFileSync(path.join(run.folder, 'log.woken'), '7\n');
    append(expected(600 * KIB));
    await untilArchives(1);
    expect(names).toEqual([
      ['archive.tmp', 'log'],
      ['log', `log.0-${600 * KIB}.cut`],
    ]);
  });

  test('not before the first check: the waker of a crashed server may still send its signal', async () => {
    let stops = 0;
    const freezer: Pick<Runs, 'whileFrozen'> = {
      whileFrozen: async (_run, step) => {
        stops += 1;
        await step();
        return true;
      },
    };
    append(expected(600 * KIB));
    const keeper = bench.keeper({ limits, freezer });
    const before = keeper.rotations(run.folder);
    keeper.attach(bench.log, run);
    while (keeper.rotations(run.folder) === before) await new Promise((resolve) => setImmediate(resolve));
    await keeper.settled();
    expect(stops).toBe(0);
    await untilArchives(1);
    expect(stops).toBe(1);
  });
});

describe('an engine that cannot be stopped', () => {
  test('raises an alert the second time, which success clears', async () => {
    let canFreeze = false;
    let tries = 0;
    const freezer: Pick<Runs, 'whileFrozen'> = {
      whileFrozen: async (_run, step) => {
        tries += 1;
        if (canFreeze) await step();
        return canFreeze;
      },
    };
    bench.keeper({ limits, freezer }).attach(bench.log, run);
    append(expected(600 * KIB));
    await bench.untilLooks(() => bench.alerts.standing.has(ALERT));
    expect(tries).toBe(2);
    expect(bench.alerts.standing.get(ALERT)).toMatch(/cannot be stopped.*restart the instance/);
    expect(bench.names(run)).toEqual(['log']);
    await expectEveryByte();
    canFreeze = true;
    await bench.untilLooks(() => bench.alerts.standing.size === 0);
    expect(archivesOf(run)).toEqual([`log.0-${600 * KIB}.cut`]);
    expect(bench.faults).toEqual([]);
  });

  test('has no alert after its run has ended', async () => {
    const freezer = { whileFrozen: async () => false };
    const keeper = bench.keeper({ limits, freezer });
    keeper.attach(bench.log, run);
    append(expected(600 * KIB));
    await bench.untilLooks(() => bench.alerts.standing.has(ALERT));
    keeper.detach(bench.log, run);
    expect(bench.alerts.standing.size).toBe(0);
  });
});
