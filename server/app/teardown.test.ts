import { expect, it } from 'vitest';
import { Teardown } from './teardown.ts';

const NEVER = (error: unknown): void => {
  throw error;
};

/** Three parts, the first of which outlasts a hand-over. */
function built() {
  const done: string[] = [];
  const teardown = new Teardown();
  const ends = (name: string) => async (isHandingOver: boolean) => {
    await Promise.resolve();
    done.push(isHandingOver ? `${name} handed over` : name);
  };
  teardown.addLasting(ends('first'));
  teardown.add(ends('second'));
  teardown.add(ends('third'));
  return { teardown, done };
}

it('ends everything once, each part before the parts that it was built on', async () => {
  const { teardown, done } = built();
  await teardown.unwind();
  await teardown.unwind();
  expect(done).toEqual(['third', 'second', 'first']);
});

it('closes a part, and returns it to its builder', async () => {
  const done: string[] = [];
  const teardown = new Teardown();
  const part = { name: 'part', close: () => void done.push('part') };
  expect(teardown.ending(part)).toBe(part);
  await teardown.unwind();
  expect(done).toEqual(['part']);
});

it('stops at a part that cannot be ended', async () => {
  const { teardown, done } = built();
  teardown.add(() => Promise.reject(new Error('stuck')));
  await expect(teardown.unwind()).rejects.toThrow('stuck');
  expect(done).toEqual([]);
});

it('ends all but lasting parts at a hand-over, and passes on that it is one', async () => {
  const { teardown, done } = built();
  await teardown.handOver(NEVER);
  expect(done).toEqual(['third handed over', 'second handed over']);
  await teardown.unwind();
  expect(done, 'nothing is left').toHaveLength(2);
});

it('hands over the rest if a part cannot be ended, and reports the failure', async () => {
  const { teardown, done } = built();
  const stuck = new Error('stuck');
  teardown.add(() => Promise.reject(stuck));
  const faults: unknown[] = [];
  await teardown.handOver((...fault) => faults.push(fault));
  expect(faults).toEqual([[stuck, 'releasing a part of the server']]);
  expect(done).toEqual(['third handed over', 'second handed over']);
});
