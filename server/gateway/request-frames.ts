import type { RequestFinishedFrame, RequestStartedFrame } from '@llamactl/contract/live-frames';
import type { ActiveRequest, FinishedRequest } from '@llamactl/contract/requests';
import type { Clock } from '../instances/ports/time.ts';
import type { RequestRecord } from './requests.ts';

/** A frame about one request, before it has a time and a number. */
export type RequestNews = Pick<RequestStartedFrame, 'type' | 'data'> | Pick<RequestFinishedFrame, 'type' | 'data'>;

export interface RequestFramesDependencies {
  clock: Pick<Clock, 'after'>;
  /** Whether a client wants frames of this type. Called for each request, so it must be cheap. */
  wants: (type: RequestNews['type']) => boolean;
  /** The request as lists have it. */
  view: (record: RequestRecord) => ActiveRequest;
  send: (news: RequestNews) => void;
}

/** The frames are made this long after the first request of a batch: then its instance is usually known. */
const BATCH_MS = 50;
/** Most frames of a batch. Clients miss those of further requests. */
const MOST_OF_A_BATCH = 500;

/** Reports begin and end of requests to clients. While no client wants that, a request costs one check. */
export class RequestFrames {
  readonly #dependencies: RequestFramesDependencies;
  #pending: { type: RequestNews['type']; record: RequestRecord }[] = [];

  constructor(dependencies: RequestFramesDependencies) {
    this.#dependencies = dependencies;
  }

  started(record: RequestRecord): void {
    if (this.#dependencies.wants('request_started')) this.#add('request_started', record);
  }

  finished(record: RequestRecord): void {
    if (this.#dependencies.wants('request_finished')) this.#add('request_finished', record);
  }

  /** Reports a request that an earlier process served. */
  finishedElsewhere(request: FinishedRequest): void {
    const { wants, send } = this.#dependencies;
    if (wants('request_finished')) send({ type: 'request_finished', data: request });
  }

  #add(type: RequestNews['type'], record: RequestRecord): void {
    if (this.#pending.length >= MOST_OF_A_BATCH) return;
    this.#pending.push({ type, record });
    if (this.#pending.length === 1) this.#dependencies.clock.after(BATCH_MS, () => this.#flush());
  }

  #flush(): void {
    const { send, view } = this.#dependencies;
    for (const { type, record } of this.#pending.splice(0)) {
      if (type === 'request_started') {
        send({ type, data: view(record) });
        continue;
      }
      const data = record.finished();
      if (data !== null) send({ type, data });
    }
  }
}
