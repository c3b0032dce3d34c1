import type { FinishedRequest, RequestOutcome } from '@llamactl/contract/requests';

/** Models, paths and clients are cut to this many characters, because they come from callers. */
export const LONGEST_TEXT = 200;
/** Longest message of an error, in characters. */
export const LONGEST_MESSAGE = 500;

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

  /**
   * Lists records, newest first.
   *
   * @param most How many.
   * @param isSeen Whether the caller may see a record.
   * @param others More records, oldest first.
   */
  list(
    most: number,
    filter: FinishedFilter,
    isSeen: (request: FinishedRequest) => boolean,
    others: readonly FinishedRequest[] = [],
  ): { finished: FinishedRequest[]; more: boolean } {
    const finished: FinishedRequest[] = [];
    for (const request of newestFirst(this.#requests, others)) {
      if (!matches(request, filter) || !isSeen(request)) continue;
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

/** Merges two lists that have their oldest record first. */
function* newestFirst(
  ones: readonly FinishedRequest[],
  others: readonly FinishedRequest[],
): Generator<FinishedRequest> {
  let [one, other] = [ones.length - 1, others.length - 1];
  while (one >= 0 || other >= 0) {
    const [first, second] = [ones[one], others[other]];
    if (second === undefined || (first !== undefined && first.seq > second.seq)) {
      if (first !== undefined) yield first;
      one -= 1;
    } else {
      yield second;
      other -= 1;
    }
  }
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
