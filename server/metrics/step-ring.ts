import type { Served } from './served-tally.ts';
import type { Ring, TimeStep } from './step-levels.ts';

/** A step of an instance's history: means over the measured seconds, counters at its end, and sums of requests. */
export interface Step extends TimeStep {
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
  /** Its requests; `null`: none. */
  served: Readonly<Served> | null;
}

/** The order of a step's numbers; `#read` has the same order. */
export const STEP_FIELDS = [
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
/** Size in memory of the requests of a step, roughly. */
const SERVED_BYTES = 250;

/**
 * A ring of steps. Uses one typed array that grows with its content: 88 bytes for each step, and
 * some 250 more for a step with requests.
 */
export class StepRing implements Ring<Step> {
  #cells = new Float64Array(0);
  /** By the place of the step in `#cells`; a place without an entry has no requests. */
  #served: (Readonly<Served> | null | undefined)[] = [];
  #first = 0;
  #length = 0;
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get length(): number {
    return this.#length;
  }

  get bytes(): number {
    return (
      this.#cells.byteLength + this.#served.filter((each) => each !== null && each !== undefined).length * SERVED_BYTES
    );
  }

  at(index: number): Step | null {
    const position = index < 0 ? this.#length + index : index;
    if (position < 0 || position >= this.#length) return null;
    return this.#read(this.#offset(position));
  }

  endAt(index: number): number | null {
    const position = index < 0 ? this.#length + index : index;
    return position < 0 || position >= this.#length ? null : (this.#cells[this.#offset(position)] ?? null);
  }

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

  replaceNewest(step: Step): void {
    if (this.#length > 0) this.#write(this.#length - 1, step);
  }

  dropNewest(): void {
    if (this.#length > 0) this.#length -= 1;
  }

  get #room(): number {
    return this.#cells.length / STEP_FIELDS.length;
  }

  #offset(position: number): number {
    return ((this.#first + position) % this.#room) * STEP_FIELDS.length;
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
      served: this.#served[offset / STEP_FIELDS.length] ?? null,
    };
  }

  #write(position: number, step: Step): void {
    const offset = this.#offset(position);
    for (const [column, field] of STEP_FIELDS.entries()) this.#cells[offset + column] = step[field];
    this.#served[offset / STEP_FIELDS.length] = step.served;
  }

  #grow(): void {
    const room = Math.min(this.#capacity, Math.max(FIRST_ROOM, this.#room * 2));
    const cells = new Float64Array(room * STEP_FIELDS.length);
    const head = this.#cells.subarray(this.#first * STEP_FIELDS.length);
    cells.set(head);
    cells.set(this.#cells.subarray(0, this.#first * STEP_FIELDS.length), head.length);
    this.#served = [...this.#served.slice(this.#first), ...this.#served.slice(0, this.#first)];
    this.#cells = cells;
    this.#first = 0;
  }
}
