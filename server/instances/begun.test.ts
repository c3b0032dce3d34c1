import { describe, expect, it } from 'vitest';
import { Domain } from '../testing/domain.ts';

/** What was commanded at the server before this one, and is waited for at this one. */
const BEGUN = { wait: true, isBegun: true };

/** What it comes to, once everything has happened that needs little time. */
async function outcomeOf(domain: Domain, call: Promise<unknown>): Promise<unknown> {
  const outcome = call.catch((error: unknown) => error);
  await domain.pass(60_000);
  return outcome;
}

const STOPPED = {
  code: 'START_FAILED',
  message: 'a did not start: it was stopped before it was ready.',
};

describe('a command that another server was given', () => {
  it.each(['start', 'restart'] as const)('%s does not undo the stop that came after it', async (command) => {
    const domain = new Domain();
    const id = await domain.createRunning();
    domain.world.process(id).endsBy = 'SIGKILL';
    await domain.manager.stop('a');
    expect(domain.status()).toBe('stopping');
    expect(await outcomeOf(domain, domain.manager[command]('a', BEGUN))).toMatchObject(STOPPED);
    expect(domain.status()).toBe('stopped');
  });

  it.each(['start', 'restart'] as const)('%s does not either when the stop is over', async (command) => {
    const domain = new Domain();
    await domain.create();
    expect(await outcomeOf(domain, domain.manager[command]('a', BEGUN))).toMatchObject(STOPPED);
    expect(domain.status()).toBe('stopped');
    expect(domain.world.alive()).toEqual([]);
  });

  it('restart is answered when the engine runs, which is left alone', async () => {
    const domain = new Domain();
    await domain.createRunning();
    const { pid } = domain.manager.get('a');
    expect(await outcomeOf(domain, domain.manager.restart('a', BEGUN))).toBe('running');
    expect(domain.manager.get('a').pid).toBe(pid);
  });

  it('stop does not undo the start that came after it', async () => {
    const domain = new Domain();
    await domain.createRunning();
    expect(await outcomeOf(domain, domain.manager.stop('a', BEGUN))).toBe('running');
    expect(domain.status()).toBe('running');
  });
});
