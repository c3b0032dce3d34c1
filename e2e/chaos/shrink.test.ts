import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plan } from './plan.ts';
import { shrink } from './shrink.ts';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('a plan that fails', () => {
  it('is shrunk to the steps that it takes, in their order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat({ max: 199 }), { minLength: 1, maxLength: 5 }), async (culprits) => {
        const wanted = culprits.toSorted((one, other) => one - other);
        let tries = 0;
        const left = await shrink(numbers(200), async (steps) => {
          tries += 1;
          return wanted.every((culprit) => steps.includes(culprit));
        });
        expect(left).toEqual(wanted);
        expect(tries).toBeLessThan(200);
      }),
    );
  });

  it('is left as it is when it never fails again', async () => {
    expect(await shrink(numbers(50), async () => false)).toEqual(numbers(50));
  });

  it('is shrunk as far as the time allows, and has failed as it is returned', async () => {
    const failed: number[][] = [];
    let tries = 0;
    const left = await shrink(
      numbers(100),
      async (steps) => {
        if (!steps.includes(70)) return false;
        failed.push([...steps]);
        return true;
      },
      () => (tries += 1) > 4,
    );
    expect(left.length).toBeLessThan(100);
    expect(failed).toContainEqual(left);
  });
});

describe('a plan', () => {
  it('is the same for the same seed, and a longer one begins like a shorter one', () => {
    expect(plan(7, 300)).toEqual(plan(7, 300));
    expect(plan(7, 300).slice(0, 100)).toEqual(plan(7, 100));
    expect(plan(8, 300)).not.toEqual(plan(7, 300));
  });

  it('can go without kinds of steps, and the others stay as they are', () => {
    const without = plan(7, 300, ['set the clock', 'reload']);
    expect(without).toEqual(
      plan(7, 300).filter((step) => step.kind !== 'set the clock' && !('how' in step && step.how === 'reload')),
    );
    expect(without.length).toBeLessThan(300);
  });
});
