import { beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { StalledReaders, type WaitingAnswer } from './stalled-readers.ts';

const PATIENCE_S = 60;
/** The first check records the state of a connection; a later check finds that it did not change. */
const CHECK_S = 5;

/** A waiting answer, whose connection a test changes. */
class Waiting implements WaitingAnswer {
  connection: WaitingAnswer['connection'];
  isStalled = false;

  constructor(remotePort: number) {
    this.connection = { bytesWritten: 100, writableLength: 50, localPort: 8080, remotePort };
  }

  stalled(): void {
    this.isStalled = true;
  }
}

let clock: FakeClock;
/** The system's send queues, by connection. */
let queues: Map<string, number>;
let measured: string[][];
let readers: StalledReaders;

beforeEach(() => {
  clock = new FakeClock();
  queues = new Map();
  measured = [];
  readers = new StalledReaders(clock, (connections, found) => {
    measured.push([...connections]);
    found(queues);
  });
});

async function seconds(count: number): Promise<void> {
  await clock.advance(count * 1_000);
}

describe('a caller', () => {
  test('that takes no byte for 60 s has stalled', async () => {
    const answer = new Waiting(1);
    readers.watch(answer);
    await seconds(PATIENCE_S);
    expect(answer.isStalled).toBe(false);
    await seconds(CHECK_S);
    expect(answer.isStalled).toBe(true);
    expect(measured[0]).toEqual(['8080:1']);
  });

  test.each<[string, (answer: Waiting, count: number) => void]>([
    [
      'writes more',
      ({ connection }, count) => connection !== null && Object.assign(connection, { bytesWritten: count }),
    ],
    [
      'has less to write',
      ({ connection }, count) => connection !== null && Object.assign(connection, { writableLength: count }),
    ],
    ['has less in the queue of the system', (_answer, count) => queues.set('8080:1', 1_000_000 - count)],
    ['waits for an earlier answer', (answer) => (answer.connection = null)],
  ])('whose connection %s has not stalled', async (_what, takes) => {
    const answer = new Waiting(1);
    readers.watch(answer);
    for (let minute = 1; minute <= 5; minute += 1) {
      await seconds(50);
      takes(answer, minute);
    }
    expect(answer.isStalled).toBe(false);
  });

  test('that takes bytes and then stops has another 60 s', async () => {
    const answer = new Waiting(1);
    readers.watch(answer);
    await seconds(50);
    queues.set('8080:1', 5);
    await seconds(CHECK_S + PATIENCE_S - 1);
    expect(answer.isStalled).toBe(false);
    await seconds(CHECK_S);
    expect(answer.isStalled).toBe(true);
  });

  test('whose bytes have left is no longer watched', async () => {
    const [first, second, third] = [new Waiting(1), new Waiting(2), new Waiting(3)];
    const forget = readers.watch(first);
    readers.watch(second);
    readers.watch(third);
    forget();
    forget();
    await seconds(PATIENCE_S + CHECK_S);
    expect([first.isStalled, second.isStalled, third.isStalled]).toEqual([false, true, true]);
  });
});

test('no connection is measured, and no timer runs, while no bytes wait', async () => {
  expect(clock.pending).toEqual([]);
  readers.watch(new Waiting(1))();
  await seconds(60);
  expect([measured, clock.pending]).toEqual([[], []]);
  const answer = new Waiting(1);
  readers.watch(answer);
  await seconds(PATIENCE_S + CHECK_S);
  expect(answer.isStalled).toBe(true);
  await seconds(CHECK_S);
  expect(clock.pending).toEqual([]);
});
