import { describe, expect, it } from 'vitest';
import { Belongings } from './belongings.ts';

describe('belongings', () => {
  it('are ended in reverse, each once, also those that come late', async () => {
    const ended: string[] = [];
    const belongings = new Belongings();
    for (const name of ['folder', 'server']) belongings.add(() => void ended.push(name));
    await belongings.close();
    belongings.add(() => void ended.push('late'));
    await belongings.close();
    expect(ended).toEqual(['server', 'folder', 'late']);
  });

  it('are ended although one cannot be', async () => {
    const ended: string[] = [];
    const belongings = new Belongings();
    belongings.add(() => void ended.push('folder'));
    belongings.add(() => Promise.reject(new Error('it hangs')));
    await expect(belongings.close()).rejects.toThrow('could not clean up: Error: it hangs');
    expect(ended).toEqual(['folder']);
  });
});
