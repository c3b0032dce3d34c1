import { expect, it } from 'vitest';
import { stepValues } from './step-values.ts';

const PRESENT = {
  instances: [
    { name: 'chat', options: { ctx_size: 256 }, environment: { TOKEN: 'old-secret' } },
    { name: 'code', port: 8100 },
  ],
};

it('gives the value before and after of each setting that a step changes, and no secrets', () => {
  const text = `instances:
  - name: Chat
    options: { ctx_size: 512, threads: 4 }
    environment: { TOKEN: new-secret }
  - name: code
`;
  const steps = [
    { name: 'chat', action: 'change' as const, changes: ['options.ctx_size', 'options.threads', 'environment.TOKEN'] },
    { name: 'code', action: 'restart' as const, changes: ['port'] },
    { name: 'gone', action: 'remove' as const, changes: [] },
  ];
  const values = stepValues(steps, text, PRESENT);
  expect(values.get('chat')).toEqual([
    { path: 'options.ctx_size', before: '256', after: '512' },
    { path: 'options.threads', before: null, after: '4' },
    { path: 'environment.TOKEN', before: '***', after: '***' },
  ]);
  expect(values.get('code')).toEqual([{ path: 'port', before: '8100', after: null }]);
  expect(values.get('gone')).toEqual([]);
});
