import { NotFoundError, type Client, type Instance } from '@llamactl/client';

/** The instance that quickstart makes, and finds again. */
export class QuickstartInstance {
  static readonly name = 'quickstart';
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** Has it run with this model: it is made, or changed where an earlier one had another model. */
  async start(model: string): Promise<Instance> {
    const client = this.#client;
    const { name } = QuickstartInstance;
    const present = await this.#find();
    if (present === null) await client.createInstance({ name, model_path: model });
    else if (present.model_path !== model)
      await client.updateInstance(name, { model_path: model }, { apply: 'restart' });
    await client.startInstance(name, { wait: true });
    return client.getInstance(name);
  }

  /**
   * Asks one question, and passes the answer on as it comes.
   *
   * @returns tokens a second, where the engine tells
   */
  async ask(question: string, onText: (text: string) => void): Promise<number | null> {
    let tokensPerSecond: number | null = null;
    const messages = [{ role: 'user' as const, content: question }];
    const answer = this.#client.chat({ model: QuickstartInstance.name, messages, temperature: 0, max_tokens: 64 });
    for await (const { choices, timings } of answer) {
      for (const { delta } of choices) if (delta.content) onText(delta.content);
      tokensPerSecond = timings?.predicted_per_second ?? tokensPerSecond;
    }
    return tokensPerSecond;
  }

  /** Stops it at once and waits until it has stopped; one that was never made is fine. */
  async stop(): Promise<void> {
    const { name } = QuickstartInstance;
    if ((await this.#find()) !== null) await this.#client.stopInstance(name, { timeout: 0 }, { wait: true });
  }

  async #find(): Promise<Instance | null> {
    try {
      return await this.#client.getInstance(QuickstartInstance.name);
    } catch (error) {
      if (error instanceof NotFoundError) return null;
      throw error;
    }
  }
}
