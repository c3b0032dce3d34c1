import type { FinishedRequest, RequestOutcome } from '@llamactl/contract/requests';

/** Which finished requests to list. `null`: any. */
export interface FinishedFilter {
  beforeSeq: number | null;
  instance: string | null;
  outcome: RequestOutcome | null;
  /** Seconds. */
  slowerThan: number | null;
}

/** Selects all finished requests. */
export const ANY_REQUEST: FinishedFilter = {
  beforeSeq: null,
  instance: null,
  outcome: null,
  slowerThan: null,
};

/** A change of the records, for a copy that outlives the process. */
export type FinishedChange = { kind: 'added'; request: FinishedRequest } | { kind: 'rewritten' };

/** Owns the records of the last finished requests: figures, never content. */
export class FinishedRequests {
  readonly #most: number;
  readonly #onChange: (change: FinishedChange) => void;
  /** Oldest first. */
  #requests: FinishedRequest[] = [];

  /** @param most How many records are kept. @param onChange Must not throw and must not block. */
  constructor(most: number, onChange: (change: FinishedChange) => void = () => undefined) {
    this.#most = most;
    this.#onChange = onChange;
  }

  /** Oldest first. */
  get all(): readonly FinishedRequest[] {
    return this.#requests;
  }

  /** Adds a record. @returns the id of the record that it replaces; `null`: none */
  add(request: FinishedRequest): string | null {
    this.#requests.push(request);
    this.#onChange({ kind: 'added', request });
    return this.#requests.length <= this.#most ? null : (this.#requests.shift()?.id ?? null);
  }

  /** Adds records of earlier processes, oldest first, before all others. */
  addEarlier(requests: readonly FinishedRequest[]): void {
    const [first] = this.#requests;
    const earlier = first === undefined ? requests : requests.filter(({ seq }) => seq < first.seq);
    this.#requests = [...earlier, ...this.#requests].slice(-this.#most);
  }

  /** Lists records, newest first. @param most How many. @param isSeen Whether the caller may see a record. */
  list(
    most: number,
    filter: FinishedFilter,
    isSeen: (request: FinishedRequest) => boolean,
  ): { finished: FinishedRequest[]; more: boolean } {
    const finished: FinishedRequest[] = [];
    for (let index = this.#requests.length - 1; index >= 0; index -= 1) {
      const request = this.#requests[index];
      if (request === undefined || !matches(request, filter) || !isSeen(request)) continue;
      if (finished.length === most) return { finished, more: true };
      finished.push(request);
    }
    return { finished, more: false };
  }

  /** Forgets the requests of a deleted instance. @returns their ids */
  forget(instance: string): string[] {
    const gone = this.#requests.filter((request) => request.instance === instance);
    if (gone.length === 0) return [];
    this.#requests = this.#requests.filter((request) => request.instance !== instance);
    this.#onChange({ kind: 'rewritten' });
    return gone.map(({ id }) => id);
  }

  /** Moves the requests of a renamed instance to its new name. */
  rename(previous: string, name: string): void {
    if (!this.#requests.some(({ instance }) => instance === previous)) return;
    this.#requests = this.#requests.map((each) => (each.instance === previous ? { ...each, instance: name } : each));
    this.#onChange({ kind: 'rewritten' });
  }
}

/** Whether a caller is the one that a filter names: `key:ID (NAME)` also matches `key:ID`. */
export function isCaller(caller: string | null, wanted: string): boolean {
  return caller !== null && (caller === wanted || caller.startsWith(`${wanted} (`));
}

function matches(request: FinishedRequest, filter: FinishedFilter): boolean {
  const { beforeSeq, instance, outcome, slowerThan } = filter;
  return (
    (beforeSeq === null || request.seq < beforeSeq) &&
    (instance === null || request.instance?.toLowerCase() === instance.toLowerCase()) &&
    (outcome === null || request.outcome === outcome) &&
    (slowerThan === null || request.duration > slowerThan)
  );
}
