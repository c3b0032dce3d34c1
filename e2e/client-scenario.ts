import type * as library from '@llamactl/client';

/** Parameters of a scenario. */
export interface Setting {
  url: string;
  /** Of a model file that the server can read. */
  model: string;
  /** Of a server that is not there. */
  nowhere: string;
  /** Of one that never answers. */
  silent: string;
  /** Given where the platform has none. */
  WebSocket?: library.WebSocketConstructor;
}

/** What came of it, in a form that every platform can hand over. */
export interface Outcome {
  answer: string;
  transitions: string[];
  line: string;
  errors: string[];
  withoutWebSocket: string | null;
}

/**
 * The life of an instance by the published client, on whatever platform this runs: only what all of them have is used,
 * and the library is given, as each finds it in its own way.
 */
export async function scenario(client: typeof library, setting: Setting): Promise<Outcome> {
  const { Client } = client;
  const { url, model, nowhere, silent, WebSocket } = setting;
  const llamactl = new Client({ url, WebSocket });
  const errors: string[] = [];
  const failure = async (attempt: () => Promise<unknown>): Promise<void> => {
    try {
      await attempt();
      errors.push('none');
    } catch (error) {
      const { name, code = '' } = error as { name: string; code?: string };
      errors.push(`${name} ${code}`.trim());
    }
  };
  const withoutWebSocket = 'WebSocket' in globalThis ? null : await said(new Client(url).events());

  await llamactl.createInstance({ name: 'a', model_path: model, options: { threads: 1 } });
  const events = llamactl.events({ instances: ['a'], types: ['instance_status_changed'], after_seq: 0 });
  await llamactl.startInstance('a', { wait: true });
  let answer = '';
  const question = { model: 'a', messages: [{ role: 'user', content: 'Hello' }], temperature: 0, max_tokens: 64 };
  for await (const { choices } of llamactl.chat(question)) answer += choices[0]?.delta.content ?? '';
  const log = llamactl.followLogs('a', { after_seq: 0 });
  const { value } = await log.next();
  await log.return();

  await failure(() => llamactl.getInstance('b'));
  await failure(() => llamactl.createInstance({ name: 'a', model_path: model }));
  await failure(() => llamactl.createInstance({ name: 'c', model_path: model, port: 0 }));
  await failure(() => new Client({ url: nowhere, retries: 0 }).listInstances());
  const abort = new AbortController();
  const following = llamactl.followLogs('a', { lines: 0, signal: abort.signal }).next();
  abort.abort();
  await failure(() => following);
  await failure(() => new Client({ url: silent, timeout: 0.05, retries: 0 }).listInstances());

  await llamactl.stopInstance('a', { force: true }, { wait: true });
  await llamactl.deleteInstance('a');
  const transitions: string[] = [];
  for await (const frame of events) {
    if (frame.type !== 'instance_status_changed') continue;
    transitions.push(`${frame.data.previous_status} → ${frame.data.status}`);
    if (frame.data.status === 'stopped') break;
  }
  return {
    answer,
    transitions,
    line: value !== undefined && 'message' in value ? 'a line' : 'none',
    errors,
    withoutWebSocket,
  };
}

/** What an attempt to read it fails with. */
async function said(items: AsyncIterator<unknown>): Promise<string> {
  try {
    await items.next();
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}
