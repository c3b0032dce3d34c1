import { ApiError, retryIn } from '@llamactl/contract/errors';

/** Most searches of one caller at once. */
const MOST_OF_CALLER = 2;
/** Most searches at once. Each takes up to 200 ms of processor time, and all share one processor. */
const MOST_OF_ALL = 4;
/** Seconds after which a refused search is worth a retry. */
const RETRY_SECONDS = 1;

/** Bounds the searches in logs that run at the same time, so that they cannot take all processor time from other requests. */
export class LogSearches {
  readonly #running = new Map<string, number>();
  #all = 0;

  /**
   * Begins a search.
   *
   * @param subject whose searches count together
   * @returns a function to call once, when the search is over
   * @throws {ApiError} `RATE_LIMITED`
   */
  begin(subject: string): () => void {
    const own = this.#running.get(subject) ?? 0;
    if (own >= MOST_OF_CALLER) throw tooMany(`You have ${own} searches in logs under way, and may have no more.`);
    if (this.#all >= MOST_OF_ALL) throw tooMany(`${this.#all} searches in logs are under way, and no more may be.`);
    this.#running.set(subject, own + 1);
    this.#all += 1;
    return () => this.#end(subject);
  }

  #end(subject: string): void {
    const left = (this.#running.get(subject) ?? 1) - 1;
    if (left === 0) this.#running.delete(subject);
    else this.#running.set(subject, left);
    this.#all -= 1;
  }
}

function tooMany(sentence: string): ApiError {
  return new ApiError('RATE_LIMITED', `${sentence} Try again in ${RETRY_SECONDS} s.`, retryIn(RETRY_SECONDS));
}
