import { describe, expect, it } from 'vitest';
import { Domain } from '../../testing/domain.ts';

const SERVING = {
  embeddings: false,
  rerank: false,
  projector: false,
  hasTemplate: false,
  readsTemplates: true,
  context: 8_192,
  contextShares: 1,
  mostContext: null,
  slots: 4,
};
const SERVED = { context: 4_096, slots: 2, vision: true, audio: false };

describe('the facts that a running engine reports', () => {
  it('replace those of its options while it runs, in the instance and in lists', async () => {
    const domain = new Domain();
    domain.adapter.requests = SERVING;
    domain.adapter.facts = SERVED;
    await domain.create('a');
    const shown = () => [domain.manager.get('a'), ...domain.manager.list()].map((each) => each.context_size);
    expect(shown()).toEqual([8_192, 8_192]);
    await domain.manager.start('a');
    await domain.pass(1_000);
    expect(domain.manager.get('a')).toMatchObject({ status: 'running', capabilities: ['chat', 'vision'], slots: 2 });
    expect(shown()).toEqual([4_096, 4_096]);
    await domain.manager.stop('a');
    await domain.pass(60_000);
    expect(shown()).toEqual([8_192, 8_192]);
  });

  it('are asked for once a run', async () => {
    const domain = new Domain();
    let asked = 0;
    domain.adapter.served = async () => {
      asked += 1;
      return null;
    };
    await domain.createRunning('a');
    await domain.pass(10_000);
    expect(asked).toBe(1);
    await domain.manager.restart('a');
    await domain.pass(60_000);
    expect(domain.manager.get('a').status).toBe('running');
    expect(asked).toBe(2);
  });
});
