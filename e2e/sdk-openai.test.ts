import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DEMO_SENTENCE, splitSentence } from '@llamactl/cli/quickstart/demo-model';
import { OPENAI } from './sdk/openai-calls.ts';
import { LANGUAGES, type Outcome } from './sdk/sdk.ts';
import { askedSdk } from './sdk/asked-sdk.ts';
import { ALIAS, SdkSetting } from './sdk/setting.ts';

/** OpenAI's SDKs as they are, against the real program with the real engine. */

/** Those of the sentence and its end. */
const TOKENS = splitSentence(DEMO_SENTENCE).length + 1;
const PATIENCE = { timeout: 10_000, interval: 20 };

let setting: SdkSetting;
let key: string;

beforeAll(async () => {
  setting = await SdkSetting.create();
  key = await setting.createKey();
});

afterAll(() => setting.dispose());

describe.each(LANGUAGES)("OpenAI's SDK of %s", (language) => {
  const ask = askedSdk(language, OPENAI);

  async function call(name: string, model: string, more: { key?: string; retries?: number } = {}): Promise<Outcome> {
    return ask(name, { url: `${setting.url}/v1`, key, model, ...more });
  }

  it('lists the models that would answer, and finds one by name and by alias', async () => {
    const names = ['demo', 'embedder', 'endless', 'slow', 'tool-caller'];
    const { value } = (await call('models', '')) as { value: string[] };
    expect(value).toEqual(expect.arrayContaining(names));
    expect(await call('model', 'demo')).toEqual({ value: 'demo' });
    expect(await call('model', ALIAS)).toEqual({ value: 'demo' });
  });

  it.each(['demo', ALIAS])('chats with %s', async (model) => {
    expect(await call('chat', model)).toEqual({ value: { text: DEMO_SENTENCE, tokens: TOKENS } });
    expect(await call('stream', model)).toEqual({ value: { text: DEMO_SENTENCE, tokens: TOKENS, source: 'engine' } });
  });

  it('completes texts', async () => {
    expect(await call('completion', 'demo')).toEqual({ value: DEMO_SENTENCE });
    expect(await call('completionStream', 'demo')).toEqual({ value: DEMO_SENTENCE });
  });

  it('offers tools, and gets a call of one', async () => {
    const called = { value: { finish: 'tool_calls', name: 'weather', city: 'Paris' } };
    expect(await call('tools', 'tool-caller')).toEqual(called);
    expect(await call('toolsStream', 'tool-caller')).toEqual(called);
  });

  it('embeds texts', async () => {
    expect(await call('embeddings', 'embedder')).toEqual({ value: [true, true] });
  });

  it('asks for responses', async () => {
    expect(await call('responses', 'demo')).toEqual({ value: { text: DEMO_SENTENCE, tokens: TOKENS } });
    const streamed = { text: DEMO_SENTENCE, last: 'response.completed' };
    expect(await call('responsesStream', 'demo')).toEqual({ value: streamed });
  });

  it('starts what is stopped by asking for it', async () => {
    await setting.stopInstance('demo');
    expect(await call('stream', 'demo')).toMatchObject({ value: { text: DEMO_SENTENCE, tokens: TOKENS } });
    await setting.stopInstance('demo');
    expect(await call('chat', 'demo')).toEqual({ value: { text: DEMO_SENTENCE, tokens: TOKENS } });
  });

  it('reads over the signs of life of a model that loads', async () => {
    await setting.stopInstance('slow');
    const value = { text: DEMO_SENTENCE, tokens: TOKENS, source: 'llamactl' };
    expect(await call('stream', 'slow')).toEqual({ value });
    await setting.stopInstance('slow');
    expect(await call('completionStream', 'slow')).toEqual({ value: DEMO_SENTENCE });
    await setting.stopInstance('slow');
    const streamed = { text: DEMO_SENTENCE, last: 'response.completed' };
    expect(await call('responsesStream', 'slow')).toEqual({ value: streamed });
  });

  it('frees the engine by leaving in the middle of a stream', async () => {
    expect(await call('hold', 'endless')).toEqual({ value: 'object' });
    expect(await setting.inFlight('endless')).toMatchObject([{ phase: 'streaming' }]);
    expect(await setting.busySlots('endless')).toBe(1);
    expect(await call('abort', 'endless')).toEqual({ value: 'aborted' });
    await vi.waitFor(async () => expect(await setting.inFlight('endless')).toEqual([]), PATIENCE);
    await vi.waitFor(async () => expect(await setting.busySlots('endless')).toBe(0), PATIENCE);
  });

  describe('tells', () => {
    /** The error with this in its message. */
    const failed = (name: string, status: number | null, code: string | null, text: string): Outcome => ({
      error: { class: name, status, code, message: expect.stringContaining(text) as string },
    });

    it('a model that is not there', async () => {
      const unknown = failed('NotFoundError', 404, 'model_not_found', 'nothing/like:this');
      expect(await call('chat', 'nothing/like:this')).toEqual(unknown);
      expect(await call('stream', 'nothing/like:this')).toEqual(unknown);
      expect(await call('model', 'nothing/like:this')).toEqual(unknown);
      const stranger = await setting.createKey({ instances: ['embedder'] });
      expect(await call('chat', 'demo', { key: stranger })).toEqual(
        failed('NotFoundError', 404, 'model_not_found', 'demo'),
      );
    });

    it('who may not come in', async () => {
      expect(await call('chat', 'demo', { key: 'llk_wrong' })).toEqual(
        failed('AuthenticationError', 401, 'unauthorized', 'key'),
      );
      const scraper = await setting.createKey({ scopes: ['metrics'] });
      expect(await call('chat', 'demo', { key: scraper })).toEqual(
        failed('PermissionDeniedError', 403, 'forbidden', 'your key is for metrics'),
      );
    });

    it('what is wrong with a request, from llamactl or the engine', async () => {
      expect(await call('malformed', 'demo')).toMatchObject({
        error: { class: 'BadRequestError', status: 400, message: expect.stringContaining('messages') as string },
      });
      expect(await call('chat', '')).toEqual(failed('BadRequestError', 400, 'validation_error', 'names no model'));
    });

    it('what the engine finds wrong, in the middle of a stream of signs of life', async () => {
      await setting.stopInstance('slow');
      expect(await call('malformedStream', 'slow')).toMatchObject({
        error: { class: 'APIError', status: null, message: expect.stringContaining('messages') as string },
      });
    });

    it('that too many wait', async () => {
      expect(await call('hold', 'endless-for-one')).toEqual({ value: 'object' });
      expect(await call('chat', 'endless-for-one')).toEqual(
        failed('RateLimitError', 429, 'rate_limited', 'endless-for-one is busy'),
      );
      expect(await call('abort', 'endless-for-one')).toEqual({ value: 'aborted' });
      await vi.waitFor(async () => expect(await setting.inFlight('endless-for-one')).toEqual([]), PATIENCE);
    });

    it('why a model does not start', async () => {
      const name = `broken-${language}`;
      await setting.createInstance(name, { options: { lora: '/nowhere.gguf' } });
      const first = failed('InternalServerError', 503, 'start_failed', '/nowhere.gguf');
      const remembered = failed('InternalServerError', 503, 'instance_not_running', '/nowhere.gguf');
      // At once, although an SDK tries what failed twice more as a rule.
      expect(await call('chat', name, { retries: 2 })).toEqual(first);
      expect(await call('stream', name, { retries: 2 })).toEqual(remembered);
    });

    it('why a model does not start, in the middle of a stream of signs of life', async () => {
      const name = `slow-broken-${language}`;
      await setting.createInstance(name, { engine: 'slow', extra_args: ['--lora', '/nowhere.gguf'] });
      expect(await call('stream', name)).toEqual(failed('APIError', null, 'start_failed', 'exited with status 1'));
    });
  });
});
