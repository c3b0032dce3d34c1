import { Client, type ClientOptions, ConnectionError, LlamactlError, TimeoutError } from '@llamactl/client';
import { EXIT } from '../exit-status.ts';
import { settled } from '../instances/settling.ts';
import { Problem } from '../problem.ts';

/** An engine of a server that is about to stop. */
export interface EngineAtStop {
  /** The name of its instance. */
  name: string;
  pid: number;
}

/** Seconds for each request to a server that is about to stop. */
const TIMEOUT = 5;

/** The engines of a server, before and after its end. */
export class EnginesAtStop {
  readonly #client: Client;
  readonly #signal: AbortSignal;

  /** @param patient The options of a client that waits for a server that refuses for now; `null`: nothing waits. */
  constructor(
    { url, token }: { url: string; token: string | null },
    signal: AbortSignal,
    patient: Pick<ClientOptions, 'onRetry' | 'rateLimitWait'> | null,
  ) {
    this.#client = new Client({ url, token: token ?? undefined, timeout: TIMEOUT, ...(patient ?? { retries: 0 }) });
    this.#signal = signal;
  }

  /** Lists the running engines; `null`: the server does not answer, or requires a log-in. */
  async list(): Promise<EngineAtStop[] | null> {
    try {
      return await this.#running();
    } catch (error) {
      const isUnknown =
        error instanceof LlamactlError || error instanceof ConnectionError || error instanceof TimeoutError;
      if (isUnknown) return null;
      throw error;
    }
  }

  /**
   * Stops all engines, and waits until they are gone. Requests in flight may finish first.
   *
   * @throws {Problem} when an engine did not stop
   */
  async stop(): Promise<void> {
    const call = { signal: this.#signal };
    const { results } = await this.#client.stopAllInstances({}, call);
    const refused = results.find(({ error }) => error !== undefined);
    if (refused !== undefined) {
      throw new Problem(`${refused.name} was not stopped: ${refused.error ?? ''}`, EXIT.failed);
    }
    const names = results.filter(({ status }) => status === 'stopping').map(({ name }) => name);
    if (names.length === 0) return;
    const nothing = (): void => undefined;
    await settled(this.#client, { names, signal: this.#signal, onStatus: nothing, onPresence: nothing });
  }

  async #running(): Promise<EngineAtStop[]> {
    const call = { signal: this.#signal };
    const active = (await this.#client.listInstances(call)).filter(({ started_at: since }) => since !== null);
    const instances = await Promise.all(active.map(({ name }) => this.#client.getInstance(name, call)));
    return instances.flatMap(({ name, pid }) => (pid === null ? [] : [{ name, pid }]));
  }
}

/** Describes the fate of the engines, one line each. @param before `null`: unknown. */
export function engineFates(before: readonly EngineAtStop[] | null, isAlive: (pid: number) => boolean): string[] {
  if (before === null) return ['engines that were running keep running, and the next server adopts them'];
  const { kept = [], gone = [] } = Object.groupBy(before, ({ pid }) => (isAlive(pid) ? 'kept' : 'gone'));
  const names = (engines: readonly EngineAtStop[]): string => engines.map(({ name }) => name).join(', ');
  return [
    ...(before.length === 0 ? ['no engine was running'] : []),
    ...(gone.length === 0 ? [] : [`stopped: ${names(gone)}`]),
    ...(kept.length === 0 ? [] : [`engines keep running, and the next server adopts them: ${names(kept)}`]),
  ];
}
