import OpenAI from 'openai';
import type { Calls, CallSettings, Failure, Vendor } from './sdk.ts';

/** The SDKs of OpenAI. */
export const OPENAI: Vendor = { calls, failureOf, program: 'openai_calls.py' };

const MESSAGES: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'Hi' }];
const TOOLS: OpenAI.ChatCompletionFunctionTool[] = [
  {
    type: 'function',
    function: {
      name: 'weather',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  },
];

function client({ url, key, retries = 0 }: CallSettings): OpenAI {
  return new OpenAI({ baseURL: url, apiKey: key, maxRetries: retries });
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
    chat: async (settings) => {
      const answer = await client(settings).chat.completions.create({ model: settings.model, messages: MESSAGES });
      return { text: answer.choices[0]?.message.content, tokens: answer.usage?.completion_tokens };
    },
    stream: async (settings) => {
      const { data, response } = await client(settings)
        .chat.completions.create({
          model: settings.model,
          messages: MESSAGES,
          stream: true,
          stream_options: { include_usage: true },
        })
        .withResponse();
      let text = '';
      let tokens: number | undefined;
      for await (const { choices, usage } of data) {
        text += choices[0]?.delta.content ?? '';
        tokens = usage?.completion_tokens ?? tokens;
      }
      return { text, tokens, source: response.headers.get('x-llamactl-source') };
    },
    completion: async (settings) => {
      const answer = await client(settings).completions.create({ model: settings.model, prompt: 'Hi' });
      return answer.choices[0]?.text;
    },
    completionStream: async (settings) => {
      let text = '';
      const stream = await client(settings).completions.create({ model: settings.model, prompt: 'Hi', stream: true });
      for await (const { choices } of stream) text += choices[0]?.text ?? '';
      return text;
    },
    tools: async (settings) => {
      const answer = await client(settings).chat.completions.create({
        model: settings.model,
        messages: MESSAGES,
        tools: TOOLS,
      });
      const [choice] = answer.choices;
      const [call] = choice?.message.tool_calls ?? [];
      if (call?.type !== 'function') return choice;
      return { finish: choice?.finish_reason, name: call.function.name, city: cityOf(call.function.arguments) };
    },
    toolsStream: async (settings) => {
      const body = { model: settings.model, messages: MESSAGES, tools: TOOLS };
      const answer = await client(settings).chat.completions.stream(body).finalChatCompletion();
      const [choice] = answer.choices;
      const [call] = choice?.message.tool_calls ?? [];
      if (call?.type !== 'function') return choice;
      return { finish: choice?.finish_reason, name: call.function.name, city: cityOf(call.function.arguments) };
    },
    embeddings: async (settings) => {
      const { data } = await client(settings).embeddings.create({ model: settings.model, input: ['Hi', 'Ho'] });
      return data.map(({ embedding }) => embedding.every((each) => Number.isFinite(each)) && embedding.length > 1);
    },
    responses: async (settings) => {
      const answer = await client(settings).responses.create({ model: settings.model, input: 'Hi' });
      return { text: answer.output_text, tokens: answer.usage?.output_tokens };
    },
    responsesStream: async (settings) => {
      let text = '';
      let last = '';
      const stream = await client(settings).responses.create({ model: settings.model, input: 'Hi', stream: true });
      for await (const event of stream) {
        if (event.type === 'response.output_text.delta') text += event.delta;
        last = event.type;
      }
      return { text, last };
    },
    malformed: async (settings) => {
      // @ts-expect-error what a program without types could send
      await client(settings).chat.completions.create({ model: settings.model, messages: 'no list' });
    },
    malformedStream: async (settings) => {
      const body = { model: settings.model, messages: 'no list', stream: true };
      // @ts-expect-error what a program without types could send
      for await (const _chunk of await client(settings).chat.completions.create(body));
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
  const stream = await client(settings).chat.completions.create({
    model: settings.model,
    messages: MESSAGES,
    stream: true,
  });
  const chunks = stream[Symbol.asyncIterator]();
  return { next: () => chunks.next(), abort: () => stream.controller.abort() };
}

function cityOf(text: string): unknown {
  return (JSON.parse(text) as { city?: unknown }).city;
}

function failureOf(error: unknown): Failure | null {
  if (!(error instanceof OpenAI.APIError)) return null;
  return {
    class: error.constructor.name,
    status: (error.status as number | undefined) ?? null,
    code: error.code ?? null,
    message: error.message,
  };
}
