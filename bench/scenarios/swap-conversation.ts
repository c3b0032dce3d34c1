import { testModel } from '../../scripts/test-assets.ts';
import { MeasuredServer } from '../harness/measured-server.ts';
import { until } from '../harness/patience.ts';
import { realModel } from '../harness/real-model.ts';
import type { Scenario } from '../harness/scenario.ts';

/** Sentences of the conversation: some 4 000 tokens of SmolLM2, or 700 of the demo model. */
const SENTENCES = 330;
const QUICK_SENTENCES = 14;
/** At least this part of the prompt must come from the restored context. */
const LEAST_REUSE = 0.9;

/** How long the next message of a long conversation waits after another model had the slot. */
export const swapConversation: Scenario = {
  name: 'swap-conversation',
  title: 'a conversation of 4 000 tokens continues after a swap, with `keep_context` and without',
  method:
    'Three instances of a group with `max_running: 1`. A conversation with one of them, a request for the third one, then the ' +
    'next message of the conversation, until its first token; it includes the stop of the other engine and the load of the ' +
    'model. One instance has `keep_context: auto`, its twin has not. The real llama-server with one thread and SmolLM2 (135 ' +
    'million parameters, Q4_1). Each message is new, so that nothing but the earlier conversation can be reused.',
  figures: [
    { key: 'tokens', what: 'tokens of the conversation, in thousands', unit: '×' },
    { key: 'kept', what: 'with `keep_context`', unit: 'ms' },
    { key: 'cold', what: 'without', unit: 'ms' },
    { key: 'share', what: 'with, of without', unit: '%', most: 10 },
  ],
  limitSeconds: 1_800,
  open: async (bench) => {
    const server = await MeasuredServer.create(bench, { groups: { slot: { max_running: 1 } } });
    await server.start();
    const model_path = bench.isQuick ? await testModel() : await realModel(bench.signal);
    const options = { threads: 1, parallel: 1, ctx_size: 8_192 };
    await server.create({ name: 'kept', model_path, group: 'slot', options, keep_context: 'auto' });
    await server.create({ name: 'plain', model_path, group: 'slot', options });
    await server.create({ name: 'other', model_path: await testModel(), group: 'slot', options: { threads: 1 } });
    const conversation = Array.from(
      { length: bench.isQuick ? QUICK_SENTENCES : SENTENCES },
      (_sentence, index) => `Note ${index}: the fox jumps over the dog.`,
    ).join(' ');

    let messages = 0;
    const next = (model: string): Promise<number> => {
      messages += 1;
      return untilFirstToken(server.url, model, `${conversation} Message ${messages}:`, bench.signal);
    };
    const swapAway = (): Promise<number> => untilFirstToken(server.url, 'other', 'Hello', bench.signal);
    // The first message of each computes the whole conversation, swapped or not.
    await next('kept');
    await swapAway();
    return async () => {
      const kept = await next('kept');
      const { context } = await server.instance('kept');
      const reuse = await until(
        'the measured reuse',
        async () => (await server.instance('kept')).context?.reuse ?? null,
        { signal: bench.signal, everyMs: 20 },
      );
      const tokens = context?.tokens ?? 0;
      if (reuse.reused < tokens * LEAST_REUSE) throw new Error(`only ${reuse.reused} of ${tokens} tokens were reused`);
      await swapAway();
      const cold = await next('plain');
      await swapAway();
      return { tokens: tokens / 1_000, kept, cold, share: (kept / cold) * 100 };
    };
  },
};

/** Asks for a streamed completion and reads it to its end. Resolves with the milliseconds until its first token. */
async function untilFirstToken(url: string, model: string, prompt: string, signal: AbortSignal): Promise<number> {
  const body = JSON.stringify({ model, prompt, max_tokens: 4, temperature: 0, stream: true });
  const headers = { 'content-type': 'application/json' };
  const before = performance.now();
  const answer = await fetch(`${url}/v1/completions`, { method: 'POST', headers, body, signal });
  if (answer.status !== 200 || answer.body === null) throw new Error(`${model} answered ${answer.status}`);
  let firstAt: number | null = null;
  let text = '';
  for await (const chunk of answer.body) {
    text += Buffer.from(chunk).toString('latin1');
    // Other lines are comments, which prove no token.
    if (text.includes('data: {')) firstAt ??= performance.now();
  }
  if (firstAt === null || !text.includes('data: [DONE]')) throw new Error(`an answer without its end: ${text}`);
  return firstAt - before;
}
