import Anthropic from '@anthropic-ai/sdk';
import type { Calls, CallSettings, Failure, Vendor } from './sdk.ts';

/** The SDKs of Anthropic. */
export const ANTHROPIC: Vendor = { calls, failureOf, program: 'anthropic_calls.py' };

const MESSAGES: Anthropic.MessageParam[] = [{ role: 'user', content: 'Hi' }];
const TOOLS: Anthropic.Tool[] = [
  { name: 'weather', input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } },
];
/** Anthropic's API asks for a limit. */
const LIMIT = 4_096;

function client({ url, key, retries = 0 }: CallSettings): Anthropic {
  return new Anthropic({ baseURL: url, apiKey: key, authToken: null, maxRetries: retries });
}

/** The program in Python has the same. */
function calls(): Calls {
  let held: Awaited<ReturnType<typeof openStream>> | null = null;
  return {
    models: async (settings) => {
      const ids: string[] = [];
      for await (const { id } of client(settings).models.list()) ids.push(id);
      return ids;
    },
    model: async (settings) => (await client(settings).models.retrieve(settings.model)).id,
    message: async (settings) => {
      const body = { model: settings.model, messages: MESSAGES, max_tokens: LIMIT };
      const answer = await client(settings).messages.create(body);
      return { text: textOf(answer), tokens: answer.usage.output_tokens, stop: answer.stop_reason };
    },
    stream: async (settings) => {
      const body = { model: settings.model, messages: MESSAGES, max_tokens: LIMIT };
      const { data, response } = await client(settings)
        .messages.create({ ...body, stream: true })
        .withResponse();
      let text = '';
      let tokens: number | undefined;
      let last = '';
      for await (const event of data) {
        if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') text += event.delta.text;
        if (event.type === 'message_delta') tokens = event.usage.output_tokens;
        last = event.type;
      }
      return { text, tokens, last, source: response.headers.get('x-llamactl-source') };
    },
    gathered: async (settings) => {
      const body = { model: settings.model, messages: MESSAGES, max_tokens: LIMIT };
      return textOf(await client(settings).messages.stream(body).finalMessage());
    },
    tools: async (settings) => {
      const body = { model: settings.model, messages: MESSAGES, max_tokens: LIMIT, tools: TOOLS };
      return calledOf(await client(settings).messages.create(body));
    },
    toolsStream: async (settings) => {
      const body = { model: settings.model, messages: MESSAGES, max_tokens: LIMIT, tools: TOOLS };
      return calledOf(await client(settings).messages.stream(body).finalMessage());
    },
    count: async (settings) => {
      const answer = await client(settings).messages.countTokens({ model: settings.model, messages: MESSAGES });
      return answer.input_tokens > 0;
    },
    malformed: async (settings) => {
      const body = { model: settings.model, messages: [{ role: 'user', content: 5 }], max_tokens: LIMIT };
      // @ts-expect-error what a program without types could send
      await client(settings).messages.create(body);
    },
    malformedStream: async (settings) => {
      const body = { model: settings.model, messages: [{ role: 'user', content: 5 }], max_tokens: LIMIT, stream: true };
      // @ts-expect-error what a program without types could send
      for await (const _event of await client(settings).messages.create(body));
    },
    hold: async (settings) => {
      held = await openStream(settings);
      return typeof (await held.next()).value;
    },
    abort: async () => {
      held?.abort();
      // The SDK ends its loop without an error.
      for (let each = await held?.next(); each?.done === false; each = await held?.next());
      return 'aborted';
    },
  };
}

/** Waits for its head. */
async function openStream(settings: CallSettings) {
  const body = { model: settings.model, messages: MESSAGES, max_tokens: 1_000_000_000 };
  const stream = await client(settings).messages.create({ ...body, stream: true });
  const events = stream[Symbol.asyncIterator]();
  return { next: () => events.next(), abort: () => stream.controller.abort() };
}

function textOf({ content }: Anthropic.Message): string {
  return content.map((block) => (block.type === 'text' ? block.text : '')).join('');
}

function calledOf({ content, stop_reason: stop }: Anthropic.Message): unknown {
  const block = content.find(({ type }) => type === 'tool_use');
  return block?.type === 'tool_use' ? { stop, name: block.name, input: block.input } : content;
}

function failureOf(error: unknown): Failure | null {
  if (!(error instanceof Anthropic.APIError)) return null;
  return {
    class: error.constructor.name,
    status: (error.status as number | undefined) ?? null,
    code: error.type,
    message: error.message,
  };
}
