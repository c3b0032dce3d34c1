import type { Status } from '@llamactl/contract/instance';
import {
  MOST_FINISHED_REQUESTS,
  type ActiveRequest,
  type FinishedRequest,
  type RequestFigures,
} from '@llamactl/contract/requests';
import type { Clock } from '../instances/ports/time.ts';
import { GenerationSpeeds } from './generation-speed.ts';
import { type RecordKeeper, RequestRecord, type RequestFacts } from './request-record.ts';

export interface RequestsParts {
  clock: Pick<Clock, 'now' | 'elapsed'>;
  /** Called once for each finished request. Must not throw and must not block. */
  onFinished?: (request: RequestFigures) => void;
}

/** Records all requests in flight, and the last finished ones: figures, never content. */
export class Requests {
  readonly #keeper: RecordKeeper;
  /** By id, oldest first. */
  readonly #active = new Map<string, RequestRecord>();
  /** Oldest first. */
  #finished: RequestRecord[] = [];
  /** Ids of all records above. */
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

  /** Begins a record. @param onCancel Called when an operator cancels the request; must end it. */
  begin(facts: RequestFacts, onCancel: () => void): RequestRecord {
    const record = new RequestRecord(this.#unused(facts.id), facts, onCancel, this.#keeper);
    this.#active.set(record.id, record);
    this.#ids.add(record.id);
    return record;
  }

  /** Lists the requests in flight, oldest first. @param statusOf Status of an instance; `null`: none, or not visible. */
  list(statusOf: (instance: string) => Status | null): ActiveRequest[] {
    return [...this.#active.values()].map((record) => {
      const { phase, ...view } = record.view();
      if (phase !== 'waiting') return { ...view, phase };
      // A request that waits for a running instance waits for its turn.
      const isUp = view.instance !== null && statusOf(view.instance) === 'running';
      return { ...view, phase: isUp ? 'queued' : 'starting' };
    });
  }

  /** Lists the last finished requests, newest first. */
  finished(): FinishedRequest[] {
    return this.#finished.toReversed().flatMap((record) => record.finished() ?? []);
  }

  /** Finds a request in flight; `null`: no such id. */
  find(id: string): { caller: string; instance: string | null } | null {
    return this.#active.get(id) ?? null;
  }

  /** Returns an instance's highest measured tokens a second for one request. @param instance Name of the instance. */
  speedOf(instance: string): number {
    return this.#speeds.of(instance);
  }

  /** Cancels a request in flight. @returns whether it was found */
  cancel(id: string): boolean {
    const record = this.#active.get(id);
    record?.cancel();
    return record !== undefined;
  }

  /** Forgets a deleted instance, so that a new one with its name has no past. @param instance Name of the instance. */
  forget(instance: string): void {
    const [gone = [], kept = []] = [true, false].map((isIts) =>
      this.#finished.filter((request) => (request.instance === instance) === isIts),
    );
    for (const { id } of gone) this.#ids.delete(id);
    this.#finished = kept;
    this.#speeds.forget(instance);
  }

  /** Returns a unique id, because callers may reuse ids and each shown request must be found by its id. */
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
