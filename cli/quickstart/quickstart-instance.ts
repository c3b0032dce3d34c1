import { NotFoundError, type Client, type Instance } from '@llamactl/client';

/** The instance that quickstart creates and reuses. */
export class QuickstartInstance {
  static readonly name = 'quickstart';
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** Creates the instance, or changes its model, and waits until it runs. */
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
   * Asks one question and streams the answer.
   *
   * @returns tokens a second, if the engine reports them
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

  /** Stops the instance at once and waits for the end; does nothing if it does not exist. */
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
