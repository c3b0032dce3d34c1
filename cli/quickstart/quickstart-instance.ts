import { NotFoundError, type Client, type Instance } from '@llamactl/client';
import { isOllamaBlob } from '@llamactl/contract/ollama-options';

/** The instance that quickstart creates and reuses. */
export class QuickstartInstance {
  static readonly name = 'quickstart';
  readonly #client: Client;
  readonly #signal: AbortSignal;
  /** Whether it ran before {@link start}. */
  #wasRunning = false;

  /** @param signal Ends {@link start} and {@link ask}; the instance stays as it is then. */
  constructor(client: Client, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  /**
   * Creates the instance, and waits until it runs.
   *
   * @param mayReplace Whether an existing instance may change from its present model file to `model`.
   * @returns the instance, and the model file that was replaced; `null`: none was
   */
  async start(
    model: string,
    mayReplace: (present: string) => Promise<boolean>,
  ): Promise<{ instance: Instance; replaced: string | null }> {
    const client = this.#client;
    const { name } = QuickstartInstance;
    const signal = this.#signal;
    const present = await this.#find();
    let replaced: string | null = null;
    this.#wasRunning = present?.status === 'running';
    if (present === null) await client.createInstance({ name, ...(await this.#settingsFor(model)) }, { signal });
    else if (present.model_path !== model && (await mayReplace(present.model_path ?? ''))) {
      await client.updateInstance(name, await this.#settingsFor(model), { apply: 'restart', signal });
      replaced = present.model_path ?? null;
    }
    await client.startInstance(name, { wait: true, signal });
    return { instance: await client.getInstance(name, { signal }), replaced };
  }

  /**
   * Asks one question and streams the answer.
   *
   * @returns tokens a second, if the engine reports them
   */
  async ask(text: string, onText: (text: string) => void): Promise<number | null> {
    let tokensPerSecond: number | null = null;
    const messages = [{ role: 'user' as const, content: text }];
    const question = { model: QuickstartInstance.name, messages, temperature: 0, max_tokens: 64 };
    const answer = this.#client.chat(question, { signal: this.#signal });
    for await (const { choices, timings } of answer) {
      for (const { delta } of choices) if (delta.content) onText(delta.content);
      tokensPerSecond = timings?.predicted_per_second ?? tokensPerSecond;
    }
    return tokensPerSecond;
  }

  /** Stops the instance at once and waits for the end. Does nothing if it does not exist, or ran before {@link start}. */
  async stop(): Promise<void> {
    const { name } = QuickstartInstance;
    if (this.#wasRunning) return;
    if ((await this.#find()) !== null) await this.#client.stopInstance(name, { timeout: 0 }, { wait: true });
  }

  /** A model of Ollama is named, so that the instance outlives a pull, which replaces the file. */
  async #settingsFor(file: string): Promise<{ model: string } | { model_path: string }> {
    if (!isOllamaBlob(file)) return { model_path: file };
    const { scannedModels } = await import('../instances/server-models.ts');
    const { models } = await scannedModels(this.#client, this.#signal);
    const ref = models.find(({ path, problems }) => path === file && problems.length === 0)?.ref ?? null;
    return ref === null ? { model_path: file } : { model: ref };
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
