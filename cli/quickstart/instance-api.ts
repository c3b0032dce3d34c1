import { ErrorSchema } from '@llamactl/contract/errors';
import { InstanceSchema, type Instance } from '@llamactl/contract/instance';

/** The few calls of the API that quickstart makes, over HTTP as everybody's. */
export class InstanceApi {
  readonly #base: string;

  constructor(url: string) {
    this.#base = `${url}/api/instances`;
  }

  /** The instance with this model: made, or changed where an earlier one had another model. */
  async ensure(name: string, model: string): Promise<void> {
    const present = await fetch(`${this.#base}/${name}`);
    if (present.status === 404) {
      await this.#send('POST', '', { name, model_path: model });
      return;
    }
    const instance = InstanceSchema.parse(await present.json());
    if (instance.model_path !== model) await this.#send('PUT', `/${name}?apply=restart`, { model_path: model });
  }

  /** Starts it and waits until it answers. */
  async start(name: string): Promise<Instance> {
    await this.#send('POST', `/${name}/start?wait=true`);
    return InstanceSchema.parse(await this.#send('GET', `/${name}`));
  }

  /** Stops it and waits until it has stopped; one that was never made is fine. */
  async stop(name: string): Promise<void> {
    const present = await fetch(`${this.#base}/${name}`);
    if (present.status !== 404) await this.#send('POST', `/${name}/stop?wait=true`, { timeout: 0 });
  }

  async #send(method: string, path: string, body?: object): Promise<unknown> {
    const content =
      body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const response = await fetch(this.#base + path, { method, ...content });
    const answer: unknown = await response.json();
    if (response.ok) return answer;
    throw new Error(ErrorSchema.parse(answer).error);
  }
}
