import { type Agent, type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import type { CallerName, InstanceName } from './cast.ts';

/** What is asked. */
export interface Question<Instance extends string = InstanceName, Caller extends string = CallerName> {
  id: string;
  instance: Instance;
  caller: Caller;
  isStream: boolean;
  isLong: boolean;
}

/** A request that is over, as its caller saw it. Moments are milliseconds since the epoch. */
export interface Exchange<Instance extends string = InstanceName, Caller extends string = CallerName> extends Question<
  Instance,
  Caller
> {
  sentAt: number;
  endedAt: number;
  /** `whole`: HTTP says that nothing is missing; `hung`: nothing more came, and the caller gave up. */
  end: 'whole' | 'broken' | 'left' | 'hung';
  /** `null`: no answer had begun. */
  status: number | null;
  /** Who spoke: `engine` or `llamactl`. */
  source: string;
  body: string;
  /** What broke it, in the words of Node. */
  failure: string;
}

export interface Line {
  url: string;
  key: string;
  /** `false`: a connection for each request. */
  agent: Agent | false;
}

/** Time without a byte after which a request hangs, milliseconds. On 2 cores with a load of 28 a queue for a slow start took 27 s. */
const DEADLINE_MS = 90_000;
/** Sentences of what engines say are repeated by a long answer so often that it takes a few hundred milliseconds. */
const LONG_TOKENS = 3_000;

/** Asks. `onPiece` hears of each piece of the answer, with the number of those so far. */
export class Call<Instance extends string = InstanceName, Caller extends string = CallerName> {
  readonly question: Question<Instance, Caller>;
  readonly ended: Promise<Exchange<Instance, Caller>>;
  readonly #request: ClientRequest;
  #end: Exchange['end'] | null = null;

  constructor(
    { url, key, agent }: Line,
    question: Question<Instance, Caller>,
    onPiece: (pieces: number) => void = () => undefined,
    deadlineMs = DEADLINE_MS,
  ) {
    this.question = question;
    const sentAt = Date.now();
    const { id, instance: model, isStream, isLong } = question;
    const headers = { authorization: `Bearer ${key}`, 'x-request-id': id, 'content-type': 'application/json' };
    const long = isLong ? { ignore_eos: true, max_tokens: LONG_TOKENS } : {};
    const messages = [{ role: 'user', content: 'Hello' }];
    this.#request = httpRequest(`${url}/v1/chat/completions`, { method: 'POST', agent, headers });
    const chunks: Buffer[] = [];
    let answer: IncomingMessage | null = null;
    this.ended = new Promise((resolve) => {
      const settle = (end: Exchange['end'], failure = ''): void => {
        clearTimeout(deadline);
        resolve({
          ...question,
          sentAt,
          endedAt: Date.now(),
          end: this.#end ?? end,
          status: answer?.statusCode ?? null,
          source: String(answer?.headers['x-llamactl-source'] ?? ''),
          body: Buffer.concat(chunks).toString(),
          failure,
        });
      };
      const deadline = setTimeout(() => this.#leave('hung'), deadlineMs);
      this.#request.on('error', (error) => settle('broken', error.message));
      this.#request.on('response', (response) => {
        answer = response;
        response.on('data', (chunk: Buffer) => {
          deadline.refresh();
          onPiece(chunks.push(chunk));
        });
        response.on('error', (error) => settle('broken', error.message));
        response.on('end', () => settle(response.complete ? 'whole' : 'broken'));
        response.on('close', () => settle('broken', 'closed before its end'));
      });
    });
    this.#request.end(JSON.stringify({ model, messages, stream: isStream, ...long }));
  }

  hangUp(): void {
    this.#leave('left');
  }

  #leave(end: Exchange['end']): void {
    this.#end ??= end;
    this.#request.destroy();
  }
}
