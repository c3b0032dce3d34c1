import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Client, type Frame, LlamactlError, type LogItem } from '@llamactl/client';
import { DEMO_SENTENCE } from '@llamactl/cli/quickstart/demo-model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import openApi from '../openapi.json' with { type: 'json' };
import shared from '../clients/scenario.json' with { type: 'json' };
import { testModel } from '../scripts/test-assets.ts';
import { ServerProcess } from './server-process.ts';

/** The one scenario of all client libraries, by that of TypeScript, without accounts and with a key. */

/** One step of the scenario; `do` decides which fields it has. */
interface Step {
  do: string;
  operation?: string;
  name?: string;
  body?: object;
  expect?: object;
  expectItem?: object;
  fails?: { status: number; code: string };
  types?: string[];
  instances?: string[];
  statuses?: string[];
  until?: string;
  model?: string;
  prompt?: string;
  answer?: string;
  [option: string]: unknown;
}

const WITH_BODY = new Set(
  Object.values(openApi.paths).flatMap((item) =>
    Object.values(item as Record<string, { operationId?: string; requestBody?: object }>).flatMap((operation) =>
      operation.requestBody === undefined ? [] : [operation.operationId],
    ),
  ),
);

let open: ServerProcess;
let guarded: ServerProcess;

beforeAll(async () => {
  open = await ServerProcess.create();
  guarded = await ServerProcess.create('auth: { enabled: true }');
  await Promise.all([open.start(), guarded.start()]);
});

afterAll(() => Promise.all([open.dispose(), guarded.dispose()]));

describe('the scenario of all clients', () => {
  it('is lived through without accounts', async () => {
    await run(new Client(open.url));
  });

  it('is lived through with a key', async () => {
    const password = (await readFile(path.join(guarded.dataDirectory, 'admin-password'), 'utf8')).trim();
    const { token } = await new Client(guarded.url).login({ username: 'admin', password });
    const { key } = await new Client({ url: guarded.url, token }).createKey({ name: 'scenario', scopes: ['admin'] });
    await run(new Client({ url: guarded.url, token: key }));
  });
});

async function run(client: Client): Promise<void> {
  const words: Record<string, string> = { instance: 'scenario', model: await testModel(), sentence: DEMO_SENTENCE };
  const text = JSON.stringify(shared.steps).replaceAll(/\{(\w+)\}/g, (_, word: string) => words[word] ?? word);
  let heard: AsyncGenerator<Frame, void, void> | undefined;
  for (const step of JSON.parse(text) as Step[]) {
    if (step.do === 'call') await call(client, step);
    else if (step.do === 'listen') heard = client.events({ ...wishOf(step), after_seq: 0 });
    else if (step.do === 'hear') expect(await statuses(heard, step.statuses ?? [])).toEqual(step.statuses);
    else if (step.do === 'follow') expect(await follow(client, step)).toContain(step.until);
    else if (step.do === 'chat') expect(await chat(client, step)).toBe(step.answer);
    else throw new Error(`there is no step ${step.do}`);
  }
  await heard?.return();
}

async function call(client: Client, step: Step): Promise<void> {
  const { do: _, operation = '', name, body, expect: expected, expectItem, fails, ...options } = step;
  const given = [...(name === undefined ? [] : [name]), ...(WITH_BODY.has(operation) ? [body] : []), options];
  const answer = (Reflect.get(client, operation) as (...all: unknown[]) => Promise<unknown>).apply(client, given);
  if (fails !== undefined) {
    await expect(answer).rejects.toThrow(LlamactlError);
    await expect(answer).rejects.toMatchObject(fails);
    return;
  }
  const got = (await answer) as { instance?: object };
  if (expected !== undefined) expect(got.instance ?? got).toMatchObject(expected);
  if (expectItem !== undefined) expect(got).toContainEqual(expect.objectContaining(expectItem));
}

function wishOf({ types = [], instances = [] }: Step): { types: never[]; instances: string[] } {
  return { types: types as never[], instances };
}

async function statuses(frames: AsyncIterator<Frame> | undefined, wanted: readonly string[]): Promise<string[]> {
  const seen: string[] = [];
  while (seen.length < wanted.length) {
    const next = await frames?.next();
    if (next?.done !== false) throw new Error('the events ended');
    if (next.value.type !== 'instance_status_changed') throw new Error(`${next.value.type} was not asked for`);
    seen.push(next.value.data.status);
  }
  return seen;
}

async function follow(client: Client, { name = '', until = '' }: Step): Promise<string> {
  const isIt = (item: LogItem): boolean => 'message' in item && item.message.includes(until);
  for await (const item of client.followLogs(name)) if (isIt(item)) return 'message' in item ? item.message : '';
  return 'the log ended';
}

async function chat(client: Client, { model = '', prompt = '' }: Step): Promise<string> {
  const question = { model, messages: [{ role: 'user', content: prompt }], temperature: 0, max_tokens: 64 };
  let text = '';
  for await (const { choices } of client.chat(question)) text += choices[0]?.delta.content ?? '';
  return text;
}
