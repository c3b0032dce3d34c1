import { beforeEach, describe, expect, it } from 'vitest';
import { atOnce, type Sliced, SlicedWork } from './sliced-work.ts';

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

/** Work with this number of steps of one millisecond, which records its name at each step. */
function* job(name: string, steps: number, done: string[], milliseconds = 1): Sliced<string> {
  for (let step = 1; ; step += 1) {
    done.push(name);
    now += milliseconds;
    if (step === steps) return `${name} is done`;
    yield;
  }
}

function* failing(): Sliced<never> {
  yield;
  throw new SyntaxError('x');
}

function* unresulting(name: string, steps: number, done: string[]): Sliced<void> {
  yield* job(name, steps, done);
}

/** Returns the error of a rejected promise. */
async function errorOf(promise: Promise<unknown>): Promise<unknown> {
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

describe('work in slices', () => {
  it('begins at once, and returns its result', async () => {
    const done: string[] = [];
    const result = work.run(job('a', 2, done), null);
    expect(done).toEqual(['a', 'a']);
    expect(await result).toBe('a is done');
  });

  it('needs no turn when it takes no time', async () => {
    await work.run(job('a', 100, [], 0), null);
    expect(turns).toEqual([]);
  });

  it('has three milliseconds of a turn for all jobs together, which alternate', async () => {
    const done: string[] = [];
    const all = ['a', 'b', 'c'].map((name) => work.run(job(name, 3, done), null));
    expect(done).toEqual(['a', 'a', 'a']);
    turns.shift()?.();
    expect(done.slice(3)).toEqual(['b', 'c', 'b']);
    expect(runTurns()).toBe(2);
    expect(done.slice(6)).toEqual(['c', 'b', 'c']);
    expect(await Promise.all(all)).toEqual(['a is done', 'b is done', 'c is done']);
  });

  it('counts the time that earlier jobs of the same turn have used', () => {
    const done: string[] = [];
    for (const name of ['a', 'b', 'c', 'd', 'e']) void work.run(job(name, 1, done), null);
    expect(done).toEqual(['a', 'b', 'c']);
    expect(turns).toHaveLength(1);
    turns.shift()?.();
    expect(done).toEqual(['a', 'b', 'c', 'd', 'e']);
    void work.run(job('f', 2, done), null);
    expect(done.slice(5)).toEqual(['f']);
  });

  it('makes a step in each turn, also on a machine that is slower than a slice', async () => {
    const done: string[] = [];
    const slow = new SlicedWork({ elapsed: () => (now += 10), nextTurn: (callback) => void turns.push(callback) });
    const result = slow.run(job('a', 3, done), null);
    expect([done.length, runTurns()]).toEqual([1, 3]);
    expect(await result).toBe('a is done');
  });

  it('rejects with the error of a job, and continues with the others', async () => {
    const done: string[] = [];
    const other = work.run(job('b', 5, done), null);
    const error = errorOf(work.run(failing(), null));
    runTurns();
    expect(await other).toBe('b is done');
    expect(await error).toBeInstanceOf(SyntaxError);
  });

  it('ends a job when its caller leaves', async () => {
    const caller = new AbortController();
    const done: string[] = [];
    const left = errorOf(work.run(job('a', 5, done), caller.signal));
    caller.abort();
    runTurns();
    expect(await left).toBe(caller.signal.reason);
    expect(done).toEqual(['a', 'a', 'a']);
  });

  it('begins in the next turn when no caller waits, and shares its turns', () => {
    const done: string[] = [];
    work.runLater(unresulting('a', 4, done));
    work.runLater(unresulting('b', 4, done));
    expect(done).toEqual([]);
    expect(runTurns()).toBe(4);
    expect(done).toEqual(['a', 'b', 'a', 'b', 'a', 'b', 'a', 'b']);
  });

  it('lets a step add a job', async () => {
    const done: string[] = [];
    function* adding(): Sliced<Promise<string>> {
      const added = work.run(job('b', 1, done), null);
      done.push('a');
      yield;
      return added;
    }
    expect(await work.run(adding(), null)).toBe('b is done');
    expect(done).toEqual(['a', 'b']);
  });
});

it('can run without pauses', () => expect(atOnce(job('a', 3, []))).toBe('a is done'));
