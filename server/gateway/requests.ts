import type { Status } from '@llamactl/contract/instance';
import {
  MOST_FINISHED_REQUESTS,
  type ActiveRequest,
  type FinishedRequest,
  type RequestFigures,
} from '@llamactl/contract/requests';
import type { Clock } from '../instances/ports.ts';
import { GenerationSpeeds } from './generation-speed.ts';
import { type RecordKeeper, RequestRecord, type RequestFacts } from './request-record.ts';

export interface RequestsParts {
  clock: Pick<Clock, 'now' | 'elapsed'>;
  /** Hears of each request that is over, once. Must not throw and must not wait. */
  onFinished?: (request: RequestFigures) => void;
}

/** All requests that are on their way to an engine, and the last ones that are over: figures, never content. */
export class Requests {
  readonly #keeper: RecordKeeper;
  /** By their ids, oldest first. */
  readonly #active = new Map<string, RequestRecord>();
  /** Oldest first. */
  #finished: RequestRecord[] = [];
  /** Ids of both. */
  readonly #ids = new Set<string>();
  readonly #speeds = new GenerationSpeeds();
  #namesakes = 0;

  constructor({ clock, onFinished }: RequestsParts) {
    const onEnd = (record: RequestRecord, figures: RequestFigures): void => {
      this.#remember(record);
      this.#speeds.measure(figures);
      onFinished?.(figures);
    };
    this.#keeper = { clock, onEnd };
  }

  /** @param onCancel Called when somebody cancels the request: has to end it. */
  begin(facts: RequestFacts, onCancel: () => void): RequestRecord {
    const record = new RequestRecord(this.#unused(facts.id), facts, onCancel, this.#keeper);
    this.#active.set(record.id, record);
    this.#ids.add(record.id);
    return record;
  }

  /** Oldest first. @param statusOf Of an instance, as far as the one who asks may know; `null`: there is none. */
  list(statusOf: (instance: string) => Status | null): ActiveRequest[] {
    return [...this.#active.values()].map((record) => {
      const { phase, ...view } = record.view();
      if (phase !== 'waiting') return { ...view, phase };
      // What waits for an instance that runs waits for its turn.
      const isUp = view.instance !== null && statusOf(view.instance) === 'running';
      return { ...view, phase: isUp ? 'queued' : 'starting' };
    });
  }

  /** The last ones, newest first. */
  finished(): FinishedRequest[] {
    return this.#finished.toReversed().flatMap((record) => record.finished() ?? []);
  }

  /** `null`: no request of this id is on its way. */
  find(id: string): { caller: string; instance: string | null } | null {
    return this.#active.get(id) ?? null;
  }

  /** Tokens that an instance generates in a second for one request, at most, as far as that was measured. @param instance Its name. */
  speedOf(instance: string): number {
    return this.#speeds.of(instance);
  }

  /** Ends a request. @returns whether there was one */
  cancel(id: string): boolean {
    const record = this.#active.get(id);
    record?.cancel();
    return record !== undefined;
  }

  /** The instance was deleted: a new one of its name has no past. @param instance Its name. */
  forget(instance: string): void {
    const [gone = [], kept = []] = [true, false].map((isIts) =>
      this.#finished.filter((request) => (request.instance === instance) === isIts),
    );
    for (const { id } of gone) this.#ids.delete(id);
    this.#finished = kept;
    this.#speeds.forget(instance);
  }

  /** Callers may use an id again, and what is shown has to be found. */
  #unused(id: string): string {
    if (!this.#ids.has(id)) return id;
    this.#namesakes += 1;
    return `${id}~${this.#namesakes}`;
  }

  #remember(record: RequestRecord): void {
    this.#active.delete(record.id);
    this.#finished.push(record);
    const [oldest] = this.#finished;
    if (oldest === undefined || this.#finished.length <= MOST_FINISHED_REQUESTS) return;
    this.#finished.shift();
    this.#ids.delete(oldest.id);
  }
}
