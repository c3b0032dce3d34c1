import { describe, expect, it, vi } from 'vitest';
import { Domain } from '../../testing/domain.ts';
import type { LaunchPlan } from '../ports/runs.ts';
import { planWithKey, takesKey, withoutKey } from './run-key.ts';
import { currentRun } from '../life/transitions.ts';

const PLAN: LaunchPlan = {
  command: '/opt/x',
  argv: ['--key', '${API_KEY}', '--text', '${API_KEY}', '--url=http://:${API_KEY}@h/${API_KEY}'],
  environment: {},
  keyVariable: null,
  port: 8_100,
  healthPath: '/health',
};

describe('the key of a run', () => {
  it('is used for an engine that takes it, by variable or by argument', () => {
    expect(takesKey(PLAN)).toBe(false);
    expect(takesKey({ ...PLAN, keyVariable: 'KEY' })).toBe(true);
    expect(takesKey({ ...PLAN, keyArguments: [1] })).toBe(true);
    expect(takesKey({ ...PLAN, keyArguments: [] })).toBe(false);
  });

  it('replaces its placeholders and no other text that looks like one', () => {
    const plan = { ...PLAN, keyArguments: [1, 4] };
    const filled = planWithKey({ engine: 'x', nonce: 'n', key: 'k', plan });
    expect(filled.argv).toEqual(['--key', 'k', '--text', '${API_KEY}', '--url=http://:k@h/k']);
    expect(plan.argv[1]).toBe('${API_KEY}');
    expect(planWithKey({ engine: 'x', nonce: 'n', key: 'k', plan: PLAN })).toBe(PLAN);
  });

  it('is masked in text', () => {
    expect(withoutKey('a k1 b k1', 'k1')).toBe('a *** b ***');
    expect(withoutKey('a', null)).toBe('a');
    expect(withoutKey('a', '')).toBe('a');
  });

  it('is passed to the spawn, but is neither in the stored plan nor in the reason of an exit', async () => {
    const domain = new Domain();
    const plan = domain.adapter.plan.bind(domain.adapter);
    domain.adapter.plan = (record) => ({
      ...plan(record),
      argv: ['--api-key', '${API_KEY}'],
      keyVariable: null,
      keyArguments: [1],
    });
    const spawn = vi.spyOn(domain.supervisor, 'spawn');
    const id = await domain.createRunning('a');
    const [stored] = await domain.store.load();
    const launch = (stored && currentRun(stored.state)?.launch) ?? null;
    const key = launch?.key ?? '';
    expect(key).not.toBe('');
    expect(spawn.mock.calls[0]?.[1].argv).toEqual(['--api-key', key]);
    expect(spawn.mock.calls[0]?.[2]).toEqual({});
    expect(JSON.stringify(launch?.plan)).not.toContain(key);
    expect(domain.manager.get('a').effective_command.join(' ')).not.toContain(key);

    vi.spyOn(domain.logs, 'tail').mockResolvedValue([`ValueError: bad key ${key}`]);
    await domain.manager.update('a', { auto_restart: false }, { restart: false });
    domain.world.exit(id, 1, domain.clock.now());
    await domain.pass(100);
    const shown = domain.manager.get('a');
    expect(shown.last_exit).toMatchObject({ lines: ['ValueError: bad key ***'] });
    expect(JSON.stringify([shown, domain.events])).not.toContain(key);
  });
});
