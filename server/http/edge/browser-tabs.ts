import { BoundedMap } from '../../auth/bounded-map.ts';
import type { Clock } from '../../instances/ports/time.ts';
import { WINDOW_MS } from './rate-limit.ts';

/** The header by which our web page names its tab. */
export const TAB_HEADER = 'x-llamactl-tab';

const TAB = /^[A-Za-z0-9-]{8,64}$/;
/** At once for one address. Further ones count like any other program of it. */
const MOST_TABS = 20;
const MOST_ADDRESSES = 1_000;

/**
 * The open tabs of our web page while accounts are off. Then all callers of a machine have one limit, and a busy script
 * would take the page's requests. So each tab has a limit of its own.
 */
export class BrowserTabs {
  readonly #clock: Pick<Clock, 'elapsed'>;
  /** When each tab was last used, by address and name. The longest unused is first. */
  readonly #used = new BoundedMap<string, Map<string, number>>(MOST_ADDRESSES);

  constructor(clock: Pick<Clock, 'elapsed'>) {
    this.#clock = clock;
  }

  /**
   * Returns the subject by which a request is counted.
   *
   * @param tab value of {@link TAB_HEADER}
   * @param address the subject of other programs of that address
   */
  subjectOf(tab: string | string[] | undefined, address: string): string {
    if (typeof tab !== 'string' || !TAB.test(tab)) return address;
    const now = this.#clock.elapsed();
    const used = this.#used.get(address) ?? new Map<string, number>();
    // A tab that was closed makes room when its window has ended.
    for (const [other, last] of used) if (last + WINDOW_MS <= now) used.delete(other);
    if (!used.has(tab) && used.size >= MOST_TABS) return address;
    used.delete(tab);
    used.set(tab, now);
    this.#used.set(address, used);
    return `tab:${address}:${tab}`;
  }
}
