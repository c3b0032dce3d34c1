import { describe, expect, it } from 'vitest';
import { Refetch } from './refetch.ts';

/** A refetch with timers that the test fires. */
function harness() {
  const requests: string[] = [];
  let due: { milliseconds: number; callback: () => void } | null = null;
  const refetch = new Refetch({
    one: async (name) => void requests.push(name),
    all: async () => void requests.push('all'),
    after: (milliseconds, callback) => {
      due = { milliseconds, callback };
      return () => (due = null);
    },
  });
  const fire = async (): Promise<number> => {
    const timer = due;
    due = null;
    timer?.callback();
    // The round and its timer begin in later turns.
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
    return timer?.milliseconds ?? -1;
  };
  return { refetch, requests, fire };
}

describe('changed rows', () => {
  it('are requested one by one after 200 ms, each once', async () => {
    const { refetch, requests, fire } = harness();
    for (const name of ['a', 'b', 'a']) refetch.add({ name });
    expect(requests).toEqual([]);
    expect(await fire()).toBe(200);
    expect(requests).toEqual(['a', 'b']);
  });

  it('are not requested if their instance was deleted meanwhile, but are if there is another of its name', async () => {
    const { refetch, requests, fire } = harness();
    for (const name of ['a', 'b']) refetch.add({ name });
    for (const name of ['a', 'b']) refetch.forget(name);
    refetch.add({ name: 'b' });
    await fire();
    expect(requests).toEqual(['b']);
  });

  it('are requested as one list if there are more than three', async () => {
    const { refetch, requests, fire } = harness();
    for (const name of ['a', 'b', 'c', 'd']) refetch.add({ name });
    await fire();
    expect(requests).toEqual(['all']);
  });

  it('wait two seconds after the last round', async () => {
    const { refetch, requests, fire } = harness();
    refetch.add({ name: 'a' });
    await fire();
    refetch.add({ name: 'b' });
    expect(requests).toEqual(['a']);
    expect(await fire()).toBe(2_000);
    await fire();
    expect(requests).toEqual(['a', 'b']);
  });

  it('are requested together with everything after a gap', async () => {
    const { refetch, requests, fire } = harness();
    refetch.add({ name: 'a' });
    refetch.add('everything');
    await fire();
    expect(requests).toEqual(['all']);
  });
});
