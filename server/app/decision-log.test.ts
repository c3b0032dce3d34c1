import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { openDecisionTrace } from './decision-log.ts';

function openedAt(level: 'debug' | 'info') {
  const lines: string[] = [];
  const faults: unknown[] = [];
  const trace = openDecisionTrace({
    log: pino({ level }, { write: (line: string) => void lines.push(line) }),
    idOf: (name) => `id-${name}`,
    nameOf: (id) => id.replace('id-', ''),
    onFault: (error) => faults.push(error),
  });
  return { trace, faults, logged: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

describe('the trace of decisions', () => {
  it('is logged at the level debug, as a sentence and as data', () => {
    const { trace, logged, faults } = openedAt('debug');
    trace.note({
      kind: 'eviction',
      instance: { id: 'id-a' },
      other: { id: 'id-b' },
      inputs: { idle_ms: 2_000 },
    });
    trace.note({ kind: 'route', instance: null, requestId: 'r1', inputs: { named: 'x', by: 'unknown' } });
    expect(logged()).toMatchObject([
      {
        level: 20,
        msg: 'Decision: a is stopped for b: no request has used it for 2 s',
        decision: 'eviction',
        instance: 'a',
        other: 'b',
        inputs: { idle_ms: 2_000 },
      },
      {
        msg: 'Decision: no instance has the name or alias "x"',
        decision: 'route',
        instance: null,
        request_id: 'r1',
      },
    ]);
    expect(faults).toEqual([]);
  });

  it('is off at any higher level', () => {
    expect(openedAt('info').trace.isOn).toBe(false);
  });
});
