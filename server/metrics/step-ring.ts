/** A step of the history: means over the measured seconds, and the counters at its end. */
export interface Step {
  /** Time of its last measurement, milliseconds since the epoch. */
  end: number;
  /** Measured seconds; less than the time between two ends if no process ran for a while. */
  seconds: number;
  memory: number;
  memoryPeak: number;
  cpu: number;
  cpuPeak: number;
  threads: number;
  read: number;
  written: number;
  gpuMemory: number;
  /** The seconds over which `gpuMemory` is the mean; 0: no tool reported it. */
  gpuSeconds: number;
}

/** The order of a step's cells; `#read` has the same order. */
const FIELDS = [
  'end',
  'seconds',
  'memory',
  'memoryPeak',
  'cpu',
  'cpuPeak',
  'threads',
  'read',
  'written',
  'gpuMemory',
  'gpuSeconds',
] as const satisfies (keyof Step)[];

const FIRST_ROOM = 16;

/**
 * A ring of steps in the order of their ends; at capacity, the oldest is dropped. Uses one typed array that grows with its
 * content: 88 bytes for each step.
 */
export class StepRing {
  #cells = new Float64Array(0);
  #first = 0;
  #length = 0;
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get length(): number {
    return this.#length;
  }

  /** Size in memory. */
  get bytes(): number {
    return this.#cells.byteLength;
  }

  /** @param index 0 is the oldest, -1 the newest. */
  at(index: number): Step | null {
    const position = index < 0 ? this.#length + index : index;
    if (position < 0 || position >= this.#length) return null;
    return this.#read(this.#offset(position));
  }

  /** Equals `at(index)?.end`, without creating a step. */
  endAt(index: number): number | null {
    const position = index < 0 ? this.#length + index : index;
    return position < 0 || position >= this.#length ? null : (this.#cells[this.#offset(position)] ?? null);
  }

  /** Returns the end of the step that was dropped; `null`: none. */
  push(step: Step): number | null {
    let lost: number | null = null;
    if (this.#length === this.#capacity) {
      lost = this.endAt(0);
      this.#first = (this.#first + 1) % this.#room;
      this.#length -= 1;
    } else if (this.#length === this.#room) {
      this.#grow();
    }
    this.#length += 1;
    this.#write(this.#length - 1, step);
    return lost;
  }

  /** Replaces the newest step. */
  replaceNewest(step: Step): void {
    if (this.#length > 0) this.#write(this.#length - 1, step);
  }

  dropNewest(): void {
    if (this.#length > 0) this.#length -= 1;
  }

  get #room(): number {
    return this.#cells.length / FIELDS.length;
  }

  #offset(position: number): number {
    return ((this.#first + position) % this.#room) * FIELDS.length;
  }

  #read(offset: number): Step {
    const cell = (column: number): number => this.#cells[offset + column] ?? 0;
    return {
      end: cell(0),
      seconds: cell(1),
      memory: cell(2),
      memoryPeak: cell(3),
      cpu: cell(4),
      cpuPeak: cell(5),
      threads: cell(6),
      read: cell(7),
      written: cell(8),
      gpuMemory: cell(9),
      gpuSeconds: cell(10),
    };
  }

  #write(position: number, step: Step): void {
    const offset = this.#offset(position);
    for (const [column, field] of FIELDS.entries()) this.#cells[offset + column] = step[field];
  }

  #grow(): void {
    const room = Math.min(this.#capacity, Math.max(FIRST_ROOM, this.#room * 2));
    const cells = new Float64Array(room * FIELDS.length);
    const head = this.#cells.subarray(this.#first * FIELDS.length);
    cells.set(head);
    cells.set(this.#cells.subarray(0, this.#first * FIELDS.length), head.length);
    this.#cells = cells;
    this.#first = 0;
  }
}
