import type { CreateInstance, Instance, Status } from '@llamactl/contract/instance';
import { InstanceSchema } from '@llamactl/contract/instance';
import { ServerProcess } from '@llamactl/e2e/server-process';
import { askOnce, Connection, type TimedAnswer } from './connection.ts';
import { until } from './patience.ts';
import type { Bench } from './scenario.ts';
import { usageOf, type Usage } from './usage.ts';

/** Sections of the configuration file, as data. */
export type Sections = Readonly<Record<string, unknown>>;

const LIST = '/api/instances';

/** The real program in a process of its own, which is measured from outside. */
export class MeasuredServer {
  readonly #process: ServerProcess;
  readonly #signal: AbortSignal;
  #connection: Connection | null = null;

  private constructor(process: ServerProcess, signal: AbortSignal) {
    this.#process = process;
    this.#signal = signal;
  }

  /** With a data directory of its own; not started yet. It and all its engines are ended with the bench's belongings. */
  static async create({ belongings, signal }: Bench, sections: Sections = {}): Promise<MeasuredServer> {
    const process = await ServerProcess.create(yamlOf(sections));
    belongings.add(() => process.dispose());
    return new MeasuredServer(process, signal);
  }

  get pid(): number {
    return this.#process.pid;
  }

  get port(): number {
    return this.#process.port;
  }

  get url(): string {
    return this.#process.url;
  }

  get dataDirectory(): string {
    return this.#process.dataDirectory;
  }

  usage(): Usage {
    return usageOf(this.pid);
  }

  /** What the next start runs with. */
  configure(sections: Sections): Promise<void> {
    return this.#process.configure(yamlOf(sections));
  }

  /** Milliseconds from the spawn to the end of the first 200 of the list of instances that is as `isMeant` says. */
  async start(isMeant: (list: Buffer) => boolean = () => true): Promise<number> {
    this.#signal.throwIfAborted();
    const before = performance.now();
    const started = this.#process.start();
    const failed = started.then(() => new Promise<never>(() => undefined));
    const answered = until(
      'an answer of llamactl',
      async () => {
        const answer = await askOnce(this.#process.port, LIST);
        const ms = performance.now() - before;
        return answer?.status === 200 && isMeant(answer.body) ? ms : null;
      },
      { signal: this.#signal, everyMs: 1 },
    );
    const milliseconds = await Promise.race([answered, failed]);
    await started;
    return milliseconds;
  }

  /** Ends the server in order; its engines go on. */
  async stop(): Promise<void> {
    this.#connection?.close();
    this.#connection = null;
    await this.#process.end('SIGTERM');
  }

  /** One call on the connection that is kept open. @throws {Error} when it is refused */
  async call(method: string, url: string, body?: unknown): Promise<TimedAnswer> {
    this.#signal.throwIfAborted();
    const isOpen = this.#connection?.isOpen === true;
    this.#connection = isOpen ? this.#connection : null;
    this.#connection ??= await Connection.open(this.#process.port);
    const answer = await this.#connection.request(method, url, body);
    if (answer.status >= 300) throw new Error(`${method} ${url} answered ${answer.status}: ${answer.body.toString()}`);
    return answer;
  }

  async create(settings: CreateInstance): Promise<Instance> {
    const { body } = await this.call('POST', LIST, settings);
    return InstanceSchema.parse((JSON.parse(body.toString()) as { instance: unknown }).instance);
  }

  async instance(name: string): Promise<Instance> {
    return InstanceSchema.parse(JSON.parse((await this.call('GET', `${LIST}/${name}`)).body.toString()));
  }

  /** How many instances are in a state. */
  async count(status: Status): Promise<number> {
    const { body } = await this.call('GET', `${LIST}?status=${status}`);
    return (JSON.parse(body.toString()) as { instances: unknown[] }).instances.length;
  }

  /** Resolves when so many are in that state. @throws {Error} when one failed, or it takes longer than two minutes */
  async untilAll(status: Status, count: number, everyMs: number): Promise<void> {
    const isThere = async (): Promise<true | null> => {
      if ((await this.count(status)) === count) return true;
      if ((await this.count('failed')) > 0) throw new Error('an engine failed');
      return null;
    };
    const limitMs = 120_000;
    await until(`${count} × ${status}`, isThere, { signal: this.#signal, everyMs, limitMs });
  }

  /** Ends its engine and deletes it, its logs included. */
  async remove(name: string): Promise<void> {
    await this.call('POST', `${LIST}/${name}/stop?wait=true`, { force: true });
    await this.call('DELETE', `${LIST}/${name}`);
  }
}

/** JSON is YAML. Nothing is limited: a bench asks more often than people do. */
function yamlOf(sections: Sections): string {
  return Object.entries({ rate_limit: { enabled: false }, ...sections })
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`)
    .join('');
}
