import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DEMO_SENTENCE, splitSentence } from '@llamactl/cli/quickstart/demo-model';
import { ANTHROPIC } from './sdk/anthropic-calls.ts';
import { LANGUAGES, type Outcome } from './sdk/sdk.ts';
import { askedSdk } from './sdk/asked-sdk.ts';
import { ALIAS, SdkSetting } from './sdk/setting.ts';

/** Anthropic's SDKs as they are, against the real program with the real engine. */

/** Those of the sentence and its end. */
const TOKENS = splitSentence(DEMO_SENTENCE).length + 1;
const STREAMED = { text: DEMO_SENTENCE, tokens: TOKENS, last: 'message_stop' };
const PATIENCE = { timeout: 10_000, interval: 20 };

let setting: SdkSetting;
let key: string;

beforeAll(async () => {
  setting = await SdkSetting.create();
  key = await setting.createKey();
});

afterAll(() => setting.dispose());

describe.each(LANGUAGES)("Anthropic's SDK of %s", (language) => {
  const ask = askedSdk(language, ANTHROPIC);

  async function call(name: string, model: string, more: { key?: string; retries?: number } = {}): Promise<Outcome> {
    return ask(name, { url: setting.url, key, model, ...more });
  }

  it('lists the models that would answer, and finds one by name and by alias', async () => {
    const { value } = (await call('models', '')) as { value: string[] };
    expect(value).toEqual(expect.arrayContaining(['demo', 'tool-caller']));
    expect(await call('model', 'demo')).toEqual({ value: 'demo' });
    expect(await call('model', ALIAS)).toEqual({ value: 'demo' });
  });

  it.each(['demo', ALIAS])('sends messages to %s', async (model) => {
    expect(await call('message', model)).toEqual({
      value: { text: DEMO_SENTENCE, tokens: TOKENS, stop: 'end_turn' },
    });
    expect(await call('stream', model)).toEqual({ value: { ...STREAMED, source: 'engine' } });
    expect(await call('gathered', model)).toEqual({ value: DEMO_SENTENCE });
  });

  it('offers tools, and gets a call of one', async () => {
    const used = { value: { stop: 'tool_use', name: 'weather', input: { city: 'Paris' } } };
    expect(await call('tools', 'tool-caller')).toEqual(used);
    expect(await call('toolsStream', 'tool-caller')).toEqual(used);
  });

  it('counts tokens', async () => {
    expect(await call('count', 'demo')).toEqual({ value: true });
  });

  it('starts what is stopped by asking for it', async () => {
    await setting.stopInstance('demo');
    expect(await call('stream', 'demo')).toMatchObject({ value: STREAMED });
  });

  it('reads over the signs of life of a model that loads', async () => {
    await setting.stopInstance('slow');
    expect(await call('stream', 'slow')).toEqual({ value: { ...STREAMED, source: 'llamactl' } });
    await setting.stopInstance('slow');
    expect(await call('gathered', 'slow')).toEqual({ value: DEMO_SENTENCE });
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
    /** What an error in a stream is for the SDK. */
    const inStream: [string, number | null] = language === 'Node' ? ['APIError', null] : ['APIStatusError', 200];
    /** The error with this in its message. */
    const failed = (name: string, status: number | null, code: string | null, text: string): Outcome => ({
      error: { class: name, status, code, message: expect.stringContaining(text) as string },
    });

    it('a model that is not there', async () => {
      const unknown = failed('NotFoundError', 404, 'not_found_error', 'nothing/like:this');
      expect(await call('message', 'nothing/like:this')).toEqual(unknown);
      expect(await call('stream', 'nothing/like:this')).toEqual(unknown);
      const stranger = await setting.createKey({ instances: ['embedder'] });
      expect(await call('message', 'demo', { key: stranger })).toEqual(
        failed('NotFoundError', 404, 'not_found_error', 'demo'),
      );
    });

    it('who may not come in', async () => {
      expect(await call('message', 'demo', { key: 'llk_wrong' })).toEqual(
        failed('AuthenticationError', 401, 'authentication_error', 'key'),
      );
      const scraper = await setting.createKey({ scopes: ['metrics'] });
      expect(await call('message', 'demo', { key: scraper })).toEqual(
        failed('PermissionDeniedError', 403, 'permission_error', 'your key is for metrics'),
      );
    });

    it('what is wrong with a request, from llamactl or the engine', async () => {
      const content = expect.stringContaining("'content'") as string;
      expect(await call('malformed', 'demo')).toMatchObject({
        error: { class: 'BadRequestError', status: 400, message: content },
      });
      expect(await call('message', '')).toEqual(
        failed('BadRequestError', 400, 'invalid_request_error', 'names no model'),
      );
    });

    it('what the engine finds wrong, in the middle of a stream of signs of life', async () => {
      await setting.stopInstance('slow');
      expect(await call('malformedStream', 'slow')).toEqual(failed(...inStream, 'invalid_request_error', "'content'"));
    });

    it('that too many wait', async () => {
      expect(await call('hold', 'endless-for-one')).toEqual({ value: 'object' });
      expect(await call('message', 'endless-for-one')).toEqual(
        failed('RateLimitError', 429, 'rate_limit_error', 'endless-for-one is busy'),
      );
      expect(await call('abort', 'endless-for-one')).toEqual({ value: 'aborted' });
      await vi.waitFor(async () => expect(await setting.inFlight('endless-for-one')).toEqual([]), PATIENCE);
    });

    it('why a model does not start', async () => {
      const name = `broken-${language}`;
      await setting.createInstance(name, { options: { lora: '/nowhere.gguf' } });
      const broken = failed('ServiceUnavailableError', 503, 'api_error', '/nowhere.gguf');
      // At once, although an SDK tries what failed twice more as a rule.
      expect(await call('message', name, { retries: 2 })).toEqual(broken);
      expect(await call('stream', name, { retries: 2 })).toEqual(broken);
    });

    it('why a model does not start, in the middle of a stream of signs of life', async () => {
      const name = `slow-broken-${language}`;
      await setting.createInstance(name, { engine: 'slow', extra_args: ['--lora', '/nowhere.gguf'] });
      expect(await call('stream', name)).toEqual(failed(...inStream, 'api_error', 'exited with status 1'));
    });
  });
});
