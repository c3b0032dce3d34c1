import { expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { TurnEnd } from './upstream.ts';

it('runs all writes of a turn at its end, in order and once', async () => {
  const clock = new FakeClock();
  const turnEnd = new TurnEnd(clock);
  const written: string[] = [];
  turnEnd.add(() => written.push('one'));
  turnEnd.add(() => written.push('two'));
  expect(written).toEqual([]);
  expect(turnEnd.endedAt).toBeLessThan(clock.elapsed());
  await clock.flush();
  expect(written).toEqual(['one', 'two']);
  expect(turnEnd.endedAt).toBe(clock.elapsed());
  await clock.flush();
  expect(written).toHaveLength(2);
});

it('runs a write that is added by another write in the next turn', async () => {
  const turns: (() => void)[] = [];
  const turnEnd = new TurnEnd({ elapsed: () => 0, nextTurn: (turn) => void turns.push(turn) });
  const written: string[] = [];
  turnEnd.add(() => turnEnd.add(() => written.push('later')));
  turns.shift()?.();
  expect(written).toEqual([]);
  turns.shift()?.();
  expect(written).toEqual(['later']);
});
