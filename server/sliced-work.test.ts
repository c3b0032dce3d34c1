import { beforeEach, expect, test } from 'vitest';
import { SlicedWork } from './sliced-work.ts';

const never = new AbortController().signal;
/** The time, which advances with each step. */
let now: number;
/** Scheduled turns, which a test runs. */
let turns: (() => void)[];
let work: SlicedWork;

beforeEach(() => {
  now = 0;
  turns = [];
  work = new SlicedWork({ elapsed: () => now, nextTurn: (callback) => void turns.push(callback) });
});

/** Returns a job with this number of steps of one millisecond, which records its name at each step. */
function job(name: string, steps: number, done: string[]): () => boolean {
  let left = steps;
  return () => {
    done.push(name);
    now += 1;
    left -= 1;
    return left === 0;
  };
}

/** Returns the error of a rejected promise. */
async function errorOf(promise: Promise<void>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

/** Runs all turns. @returns their number */
function runTurns(): number {
  let count = 0;
  for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) {
    turn();
    count += 1;
  }
  return count;
}

test('all jobs together use three milliseconds of a turn, and alternate', async () => {
  const done: string[] = [];
  const both = Promise.all([work.run(job('a', 4, done), never), work.run(job('b', 3, done), never)]);
  turns.shift()?.();
  expect(done).toEqual(['a', 'b', 'a']);
  expect(runTurns()).toBe(2);
  expect(done).toEqual(['a', 'b', 'a', 'b', 'a', 'b', 'a']);
  await both;
});

test('a job starts in the next turn, and no turn is scheduled without a job', async () => {
  const done: string[] = [];
  const first = work.run(job('a', 1, done), never);
  expect(done).toEqual([]);
  runTurns();
  await first;
  expect(turns).toEqual([]);
  const second = work.run(job('b', 1, done), never);
  runTurns();
  await second;
  expect(done).toEqual(['a', 'b']);
});

test('a failing job rejects with its error, and the others go on', async () => {
  const done: string[] = [];
  const failing = errorOf(
    work.run(() => {
      throw new SyntaxError('x');
    }, never),
  );
  const other = work.run(job('b', 5, done), never);
  runTurns();
  await other;
  expect(await failing).toBeInstanceOf(SyntaxError);
});

test('a job ends when its caller leaves', async () => {
  const caller = new AbortController();
  const done: string[] = [];
  const left = errorOf(work.run(job('a', 5, done), caller.signal));
  caller.abort();
  runTurns();
  expect(await left).toBe(caller.signal.reason);
  expect(done).toEqual([]);
});

test('jobs that run to their end share the turns', () => {
  const done: string[] = [];
  work.runToEnd(job('a', 4, done));
  work.runToEnd(job('b', 4, done));
  expect(runTurns()).toBe(3);
  expect(done).toEqual(['a', 'b', 'a', 'b', 'a', 'b', 'a', 'b']);
});
