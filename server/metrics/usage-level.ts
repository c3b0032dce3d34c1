/** The account, the key and the instance of a request, by their ids; `null`: it had none. */
export interface UsageParties {
  account: string | null;
  key: string | null;
  instance: string | null;
}

/** Figures of requests that ended. */
export interface UsageCounts {
  requests: number;
  refused: number;
  failed: number;
  tokensIn: number;
  tokensOut: number;
  /** When the last of them ended, milliseconds since the epoch. */
  last: number;
}

/** The requests of the same parties within one step. */
export interface UsageCell extends UsageParties, UsageCounts {
  /** When the step began, milliseconds since the epoch. */
  step: number;
}

/** The size of a level. */
export interface UsageLevelShape {
  /** Length of a step. */
  seconds: number;
  /** For how long steps are kept. */
  covers: number;
  /** Most cells. */
  most: number;
}

const NOBODY: UsageParties = { account: null, key: null, instance: null };

/**
 * Usage in steps of one length. If there would be too many cells, the oldest steps go first. Within one step the parties
 * beyond the limit count without names.
 */
export class UsageLevel {
  readonly shape: UsageLevelShape;
  readonly #stepMs: number;
  /** By the begin of the step, then by the parties. */
  readonly #steps = new Map<number, Map<string, UsageCell>>();
  #cells = 0;
  /** The begin of the newest step that was dropped for want of room, and its end: figures are complete since then. */
  #droppedUntil = 0;

  constructor(shape: UsageLevelShape) {
    this.shape = shape;
    this.#stepMs = shape.seconds * 1_000;
  }

  /** Since when the figures are complete, as far as this level knows; milliseconds since the epoch. */
  get completeSince(): number {
    return this.#droppedUntil;
  }

  get cells(): UsageCell[] {
    return [...this.#steps.values()].flatMap((cells) => [...cells.values()]);
  }

  /** The begin of the step of a moment. Both in milliseconds since the epoch. */
  stepOf(moment: number): number {
    return Math.floor(moment / this.#stepMs) * this.#stepMs;
  }

  /** Adds requests. @param now Milliseconds since the epoch. */
  add(parties: UsageParties, counts: Readonly<UsageCounts>, now: number): void {
    const step = this.stepOf(counts.last);
    if (!this.#steps.has(step)) this.#dropBefore(this.stepOf(now - this.shape.covers * 1_000));
    let cell = this.#cellOf(step, parties);
    if (cell === undefined) {
      while (this.#cells >= this.shape.most && this.#steps.size > 1) this.#dropOldest();
      cell = this.#cells < this.shape.most ? this.#newCell(step, parties) : this.#cellOf(step, NOBODY);
      cell ??= this.#newCell(step, NOBODY);
    }
    addCounts(cell, counts);
  }

  /** Restores a cell. */
  restore(cell: UsageCell, now: number): void {
    const oldest = this.stepOf(now - this.shape.covers * 1_000);
    if (this.stepOf(cell.step) !== cell.step || cell.step < oldest || this.#cells >= this.shape.most) return;
    addCounts(this.#cellOf(cell.step, cell) ?? this.#newCell(cell.step, cell), cell);
  }

  /** Notes that figures before this moment were dropped by an earlier process. Milliseconds since the epoch. */
  restoreCompleteSince(moment: number): void {
    this.#droppedUntil = Math.max(this.#droppedUntil, moment);
  }

  /** Calls `visit` for each cell whose step begins at `from` or later. */
  each(from: number, visit: (cell: Readonly<UsageCell>) => void): void {
    for (const [step, cells] of this.#steps) if (step >= from) for (const cell of cells.values()) visit(cell);
  }

  #cellOf(step: number, parties: UsageParties): UsageCell | undefined {
    return this.#steps.get(step)?.get(textOf(parties));
  }

  #newCell(step: number, { account, key, instance }: UsageParties): UsageCell {
    const none = { requests: 0, refused: 0, failed: 0, tokensIn: 0, tokensOut: 0, last: 0 };
    const cell = { step, account, key, instance, ...none };
    const cells = this.#steps.get(step) ?? new Map<string, UsageCell>();
    this.#steps.set(step, cells.set(textOf(cell), cell));
    this.#cells += 1;
    return cell;
  }

  #dropOldest(): void {
    const oldest = Math.min(...this.#steps.keys());
    this.#droppedUntil = Math.max(this.#droppedUntil, oldest + this.#stepMs);
    this.#drop(oldest);
  }

  #dropBefore(moment: number): void {
    for (const step of this.#steps.keys()) if (step < moment) this.#drop(step);
  }

  #drop(step: number): void {
    this.#cells -= this.#steps.get(step)?.size ?? 0;
    this.#steps.delete(step);
  }
}

/** Adds figures to others. */
export function addCounts(sum: UsageCounts, counts: Readonly<UsageCounts>): void {
  sum.requests += counts.requests;
  sum.refused += counts.refused;
  sum.failed += counts.failed;
  sum.tokensIn += counts.tokensIn;
  sum.tokensOut += counts.tokensOut;
  sum.last = Math.max(sum.last, counts.last);
}

/** Ids have no space. */
function textOf({ account, key, instance }: UsageParties): string {
  return `${account ?? ''} ${key ?? ''} ${instance ?? ''}`;
}
