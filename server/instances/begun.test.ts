import { describe, expect, it } from 'vitest';
import { Domain } from '../testing/domain.ts';

/** The previous server has begun the command; this server waits for its outcome. */
const BEGUN = { wait: true, isBegun: true };

/** The result or error of a call, after a minute. */
async function outcomeOf(domain: Domain, call: Promise<unknown>): Promise<unknown> {
  const outcome = call.catch((error: unknown) => error);
  await domain.pass(60_000);
  return outcome;
}

const STOPPED = {
  code: 'START_FAILED',
  message: 'a did not start: it was stopped before it was ready.',
};

describe('a command that the previous server began', () => {
  it.each(['start', 'restart'] as const)('%s does not undo a later stop under way', async (command) => {
    const domain = new Domain();
    const id = await domain.createRunning();
    domain.world.process(id).endsBy = 'SIGKILL';
    await domain.manager.stop('a');
    expect(domain.status()).toBe('stopping');
    expect(await outcomeOf(domain, domain.manager[command]('a', BEGUN))).toMatchObject(STOPPED);
    expect(domain.status()).toBe('stopped');
  });

  it.each(['start', 'restart'] as const)('%s does not undo a later stop that is over', async (command) => {
    const domain = new Domain();
    await domain.create();
    expect(await outcomeOf(domain, domain.manager[command]('a', BEGUN))).toMatchObject(STOPPED);
    expect(domain.status()).toBe('stopped');
    expect(domain.world.alive()).toEqual([]);
  });

  it('restart resolves when the engine runs, without restarting it again', async () => {
    const domain = new Domain();
    await domain.createRunning();
    const { pid } = domain.manager.get('a');
    expect(await outcomeOf(domain, domain.manager.restart('a', BEGUN))).toBe('running');
    expect(domain.manager.get('a').pid).toBe(pid);
  });

  it('stop does not undo a later start', async () => {
    const domain = new Domain();
    await domain.createRunning();
    expect(await outcomeOf(domain, domain.manager.stop('a', BEGUN))).toBe('running');
    expect(domain.status()).toBe('running');
  });
});
