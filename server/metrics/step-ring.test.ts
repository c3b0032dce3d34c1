import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NOTHING_SERVED } from './served-tally.ts';
import { StepRing, type Step } from './step-ring.ts';

const step = (end: number): Step => ({
  end,
  seconds: 1,
  memory: 2,
  memoryPeak: 3,
  cpu: 4,
  cpuPeak: 5,
  threads: 6,
  read: 7,
  written: 8,
  gpuMemory: 9,
  gpuSeconds: 10,
  served: end % 2 === 0 ? null : { ...NOTHING_SERVED, requests: end },
});

test('StepRing returns each field as stored', () => {
  const ring = new StepRing(3);
  ring.push(step(1));
  expect(ring.at(0)).toEqual(step(1));
  ring.replaceNewest(step(2));
  expect([ring.at(-1), ring.at(1), ring.at(-2)]).toEqual([step(2), null, null]);
});

test('StepRing drops the oldest steps at its capacity', () => {
  const command = fc.oneof(
    { weight: 6, arbitrary: fc.constant('push' as const) },
    { weight: 2, arbitrary: fc.constant('replace' as const) },
    { weight: 1, arbitrary: fc.constant('drop' as const) },
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 70 }), fc.array(command, { maxLength: 300 }), (capacity, commands) => {
      const ring = new StepRing(capacity);
      const list: number[] = [];
      for (const [end, what] of commands.entries()) {
        if (what === 'push') {
          list.push(end);
          expect(ring.push(step(end))).toBe(list.length > capacity ? list.shift() : null);
        } else if (what === 'replace') {
          ring.replaceNewest(step(end));
          if (list.length > 0) list.splice(-1, 1, end);
        } else {
          ring.dropNewest();
          list.pop();
        }
        expect(Array.from({ length: ring.length }, (_, index) => ring.endAt(index))).toEqual(list);
        expect(ring.endAt(-1)).toBe(list.at(-1) ?? null);
      }
      expect(list.map((_, index) => ring.at(index))).toEqual(list.map(step));
      expect(ring.bytes).toBeLessThanOrEqual(capacity * (88 + 250));
    }),
  );
});
