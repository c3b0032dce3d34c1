import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';
import { writeDemoModel } from '@llamactl/cli/quickstart/demo-model';
import { testEngine, testModel } from '../../scripts/test-assets.ts';
import { ServerProcess, type Answer } from '../server-process.ts';

/** A name that has to be encoded in a URL, and that Ollama's users are used to. */
export const ALIAS = 'demo/Model:latest';

/** A template of the kind that llama-server knows tools from. */
const TEMPLATE = `{% if tools %}<|im_start|>system
<tools>{% for tool in tools %}{{ tool | tojson }}{% endfor %}</tools><|im_end|>
{% endif %}{% for message in messages %}<|im_start|>{{ message.role }}
{{ message.content or '' }}{% for call in message.tool_calls or [] %}<tool_call>{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}</tool_call>{% endfor %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}`;
const TOOL_CALL = '<tool_call> {"name": "weather", "arguments": {"city": "Paris"}} </tool_call>';

/** `slow` is the real engine, a quarter of a second late. What waits for it gets a sign of life every 50 ms. */
const CONFIGURATION = `
auth: { enabled: true }
gateway: { loading_keepalive: 0.05 }
engines:
  slow:
    kind: custom
    command: /bin/sh
    args: [-c, 'sleep 0.25; exec "$0" "$@"', '${testEngine()}', --port, '\${PORT}', --model, '\${MODEL_PATH}', --threads, '1']
`;

/** A server with accounts and the instances that an SDK may meet; none runs before it is asked. */
export class SdkSetting {
  readonly #server: ServerProcess;
  readonly #admin: string;
  readonly #model: string;

  private constructor(server: ServerProcess, admin: string, model: string) {
    this.#server = server;
    this.#admin = admin;
    this.#model = model;
  }

  static async create(): Promise<SdkSetting> {
    const server = await ServerProcess.create(CONFIGURATION);
    try {
      await server.start();
      const password = (await readFile(path.join(server.dataDirectory, 'admin-password'), 'utf8')).trim();
      const { body } = await server.call('POST', '/api/auth/login', { username: 'admin', password });
      const setting = new SdkSetting(server, String(body['token']), await testModel());
      await setting.#createInstances();
      return setting;
    } catch (error) {
      await server.dispose();
      throw error;
    }
  }

  get url(): string {
    return this.#server.url;
  }

  dispose(): Promise<void> {
    return this.#server.dispose();
  }

  async #createInstances(): Promise<void> {
    await this.createInstance('demo', { aliases: [ALIAS] });
    await this.createInstance('embedder', { options: { embeddings: true, pooling: 'mean' } });
    // They never come to an end.
    const options = { ignore_eos: true, context_shift: true, ctx_size: 512, parallel: 1 };
    await this.createInstance('endless', { options });
    await this.createInstance('endless-for-one', { options, concurrency: 1, queue_limit: 0 });
    const model = path.join(this.#server.home, 'tool-caller.gguf');
    await writeDemoModel(model, { sentence: TOOL_CALL });
    await this.createInstance('tool-caller', { model_path: model, options: { chat_template: TEMPLATE, jinja: true } });
    await this.createInstance('slow', { engine: 'slow' });
  }

  /** One of the real engine with the model of the tests. */
  async createInstance(name: string, settings: { options?: object; [setting: string]: unknown } = {}): Promise<void> {
    const body = { name, model_path: this.#model, ...settings };
    expect(await this.call('POST', '/api/instances', body)).toMatchObject({ status: 201 });
  }

  /** Resolves when it is stopped. */
  async stopInstance(name: string): Promise<void> {
    const { body } = await this.call('POST', `/api/instances/${name}/stop?wait=true`);
    expect(body['status']).toBe('stopped');
  }

  /** A key for programs, for `/v1` unless `settings` say otherwise. */
  async createKey(settings: object = {}): Promise<string> {
    const { status, body } = await this.call('POST', '/api/keys', { name: 'sdk', ...settings });
    expect(status).toBe(201);
    return String(body['key']);
  }

  /** Requests on their way to an instance. */
  async inFlight(instance: string): Promise<unknown[]> {
    const { body } = await this.call('GET', '/api/requests');
    return (body['in_flight'] as { instance: string }[]).filter((each) => each.instance === instance);
  }

  /** Slots in which an instance's engine works on something. */
  async busySlots(instance: string): Promise<number> {
    const { body } = await this.call('GET', `/api/instances/${instance}/proxy/slots`);
    return (Object.values(body) as { is_processing: boolean }[]).filter((slot) => slot.is_processing).length;
  }

  /** As the admin. */
  async call(method: string, url: string, body?: unknown): Promise<Answer> {
    const response = await fetch(this.url + url, {
      method,
      headers: {
        authorization: `Bearer ${this.#admin}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }
}
