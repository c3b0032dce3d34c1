import type { DeviceMemory, DeviceNeed, DeviceRoom, LaunchNeed, RunNeed } from '../ports/machine-memory.ts';
import type { Amounts } from './capacity.ts';
import type { MemoryTerms } from './memory-terms.ts';

/** A device on which an instance cannot have what it needs. */
export interface Shortage {
  device: string;
  /** Bytes that it needs, and the most that it can have. */
  need: number;
  most: number;
  /** Bytes that pinned instances hold. */
  pinned: number;
  /** The key in `memory.devices` of a limit that, if it were higher, would leave more; `null`: none. */
  limit: string | null;
}

/** A need of which is known whether the engine reports it. */
type TriedNeed = RunNeed & Pick<LaunchNeed, 'reports'>;

/** One device, as of the last reading. */
interface Device extends Pick<DeviceMemory, 'ids'> {
  total: number;
  used: number | null;
  swap: number | null;
  /** Bytes that other programs use, if runs use their need with its margin. */
  foreign: number;
  /** The same, if runs use their need without a margin. */
  mostForeign: number;
}

/** Prefix of the name of the resource that is the memory of a device. */
const MEMORY_OF = 'memory ';
/** Share of the memory of an ended run that may still be in use when the rest counts as freed. */
const LEFT_SHARE = 0.25;
/** Bytes that llama-server leaves free when it chooses its own size. */
const OWN_RESERVE = 1_073_741_824;
/**
 * An estimate that is this many times larger than all that there is refuses a start. Build 11669 takes 51 bytes for each token of
 * a context before it reports: a context of 2 000 000 000 tokens filled the RAM of a machine.
 */
const HIGHEST_ERROR = 4;
/** Bytes that other programs may take meanwhile; no more than the margin of any need. */
const LEFT_SLACK = 100_000_000;

/**
 * The memory of each device: what other programs use, what instances may hold, and what a start demands. Does no I/O.
 *
 * Without a limit of the configuration, a need that is larger than what is there demands everything: the system drops
 * mapped weights and reads them again, so such a start runs, but alone. It is refused only if the engine itself has said
 * that it needs more than there is. An estimate that says so makes the start a trial: it demands nothing, so that no other
 * instance ends for it before its engine has reported. An estimate of many times what there is refuses it at once. A limit of the
 * configuration is never exceeded.
 */
export class MemoryLedger {
  readonly #terms: MemoryTerms;
  #devices: ReadonlyMap<string, Device> = new Map();

  constructor(terms: MemoryTerms) {
    this.#terms = terms;
  }

  /**
   * Takes a reading. A device without one, because its tool has failed, keeps its figures, but its use is unknown. Other programs use all that the runs do not. While runs start or end, their part of the used memory is
   * uncertain; then the previous figure counts as far as it is possible.
   *
   * @param certain Needs of runs that held all their memory during the reading.
   * @param uncertain Needs of runs that held between nothing and all of it.
   */
  note(readings: readonly DeviceMemory[], certain: readonly RunNeed[], uncertain: readonly RunNeed[]): void {
    const unread = [...this.#devices].map(([device, known]) => [device, { ...known, used: null }] as const);
    const read = new Map(
      readings.map(({ device, ids, total, used, swap }) => {
        const before = this.#devices.get(device);
        const foreign = (known: number | undefined, bytes: (need: DeviceNeed) => number): number => {
          const most = Math.max(0, (used ?? 0) - sumOn(device, certain, bytes));
          const least = Math.max(0, most - sumOn(device, uncertain, bytes));
          return Math.min(Math.max(known ?? least, least), most);
        };
        return [
          device,
          {
            ...(ids === undefined ? {} : { ids }),
            total,
            used,
            swap,
            foreign: foreign(before?.foreign, ({ resident }) => resident),
            mostForeign: foreign(before?.mostForeign, ({ least }) => least),
          },
        ];
      }),
    );
    this.#devices = new Map([...unread, ...read]);
  }

  /** The room on each device beside these needs. */
  rooms(held: readonly RunNeed[]): DeviceRoom[] {
    return [...this.#devices].map(([device, { total, ids }]) => {
      const free = this.#capacity(device) - wholeOn(device, held);
      return {
        device,
        ...(ids === undefined ? {} : { ids }),
        total,
        free: Math.max(0, free),
        ...(this.#isLimited(device) ? { isLimited: true as const } : {}),
      };
    });
  }

  /** Memory that a run takes if it starts now: what is free beside the others, up to what it would like. */
  taken({ devices, source, fills, upTo }: LaunchNeed, others: readonly RunNeed[]): RunNeed {
    const given: RunNeed = { devices, source, ...(fills === undefined ? {} : { fills }) };
    if (upTo === undefined) return given;
    const shares = upTo.devices.map(({ device, whole }) => {
      const smallest = wholeOn(device, [given]);
      const more = this.#capacity(device) - wholeOn(device, others) - smallest;
      return whole <= smallest ? 1 : Math.min(1, Math.max(0, more / (whole - smallest)));
    });
    // One context fits on all devices.
    const share = Math.min(1, ...shares);
    if (share === 1) return { devices: upTo.devices, source: upTo.source };
    return { devices: upTo.devices.map((each) => between(given, each, share)), source, fills: true };
  }

  /**
   * The amounts of memory that all instances together may hold.
   *
   * @param fixed Needs of instances that are never evicted.
   * @param held Needs of all runs.
   */
  capacity(fixed: readonly RunNeed[], held: readonly RunNeed[]): Amounts {
    const least = (device: string): number => (this.#isLimited(device) ? 0 : wholeOn(device, fixed) + 1);
    return new Map(
      [...this.#devices.keys()].map((device) => [
        MEMORY_OF + device,
        Math.max(least(device), this.#capacity(device) + this.#leftByEngines(device, held)),
      ]),
    );
  }

  /** Name of the resource that is the memory of a device. */
  resourceOf(device: string): string {
    return MEMORY_OF + device;
  }

  /** The amounts that a run with this need holds. */
  holding({ devices }: RunNeed): Amounts {
    return new Map(devices.map(({ device, whole }) => [MEMORY_OF + device, whole]));
  }

  /** The amounts that a start demands. @param isEased Only of devices with a limit of the configuration. */
  demand(need: TriedNeed, fixed: readonly RunNeed[], isEased: boolean): Amounts {
    const isFree = isEased || this.isTrial(need, fixed);
    return new Map(
      need.devices
        .filter(({ device }) => !isFree || this.#isLimited(device))
        .map((each) => {
          const free = this.#capacity(each.device) - wholeOn(each.device, fixed);
          const isWhole = each.whole <= free || this.#shortageOf(each, need, fixed) !== null;
          return [MEMORY_OF + each.device, isWhole ? each.whole : Math.max(1, free)];
        }),
    );
  }

  /** Whether a start demands all that its run would hold: nothing less, and not nothing at all. */
  isWhole({ devices }: RunNeed, demand: Amounts): boolean {
    return devices.every(({ device, whole }) => demand.get(MEMORY_OF + device) === whole);
  }

  /** Whether a start would fail if its estimate is right, and its engine reports that before it takes the memory. */
  isTrial(need: TriedNeed, fixed: readonly RunNeed[]): boolean {
    if (need.source !== 'estimated' || need.reports !== true || this.shortage(need, fixed) !== null) return false;
    return need.devices.some((each) => !this.#isLimited(each.device) && this.#shortage(each, fixed) !== null);
  }

  /** The first device on which the need is more than can be freed; `null`: there is none. */
  shortage(need: RunNeed, fixed: readonly RunNeed[]): Shortage | null {
    for (const each of need.devices) {
      const found = this.#shortageOf(each, need, fixed);
      if (found !== null) return found;
    }
    return null;
  }

  /**
   * The first device on which a run with this need exceeds what it may have; `null`: none. Without a limit of the configuration
   * only what can never be had counts, because mapped weights may be dropped. A trial has demanded nothing, so it may have what
   * is free.
   *
   * @param others Needs of all other runs.
   */
  excess(need: RunNeed, others: readonly RunNeed[], fixed: readonly RunNeed[], isTrial: boolean): Shortage | null {
    const certain = this.shortage(need, fixed);
    if (certain !== null) return certain;
    for (const { device, whole, surplus = 0 } of need.devices) {
      const most = this.#capacity(device) - wholeOn(device, others);
      const isLimited = this.#isLimited(device);
      if ((isLimited || isTrial) && whole - surplus > most) {
        const pinned = wholeOn(device, fixed);
        return { device, need: whole - surplus, most: Math.max(0, most), pinned, limit: this.#heldBackBy(device) };
      }
    }
    return null;
  }

  /**
   * The device on which most of an ended run's memory is still in use; `null`: it counts as free on all.
   *
   * @param others Needs of all other runs, also of those that start or end.
   */
  leftOf({ devices }: RunNeed, others: readonly RunNeed[]): { device: string; held: number; left: number } | null {
    for (const { device, least: held } of devices) {
      const known = this.#devices.get(device);
      if (known === undefined || known.used === null) continue;
      const left = Math.min(held, known.used - known.mostForeign - sumOn(device, others, ({ least }) => least));
      if (left > held * LEFT_SHARE + LEFT_SLACK) return { device, held, left };
    }
    return null;
  }

  /** Without a limit the start is tried unless it is certain to fail: an estimate may be too high. */
  #shortageOf(each: DeviceNeed, { source }: RunNeed, fixed: readonly RunNeed[]): Shortage | null {
    const isGuess = source === 'estimated' && !this.#isLimited(each.device);
    return this.#shortage(each, fixed, isGuess ? HIGHEST_ERROR : 1);
  }

  /** @param error How many times larger than the need an estimate may be */
  #shortage({ device, whole, least, surplus = 0 }: DeviceNeed, fixed: readonly RunNeed[], error = 1): Shortage | null {
    const known = this.#devices.get(device);
    if (known === undefined) return null;
    const isLimited = this.#isLimited(device);
    // Programs can be swapped out of RAM, but not of a GPU.
    const gone = device === RAM ? -(known.swap ?? Infinity) : known.foreign;
    const total = isLimited ? this.#capacity(device) : known.total * this.#terms.overcommit - gone;
    const pinned = isLimited ? wholeOn(device, fixed) : sumOn(device, fixed, (need) => need.least);
    const need = isLimited ? whole - surplus : least;
    const most = Math.max(0, Math.floor(total - pinned));
    return need <= most * error ? null : { device, need, most, pinned, limit: this.#heldBackBy(device) };
  }

  /**
   * An engine that chooses its own size takes everything but the reserve. Small instances may run in that, as they do without
   * llamactl: else each request for one would evict the other.
   */
  #leftByEngines(device: string, held: readonly RunNeed[]): number {
    const isFilled = held.some(
      ({ fills, devices }) => fills === true && devices.some((each) => each.device === device),
    );
    return isFilled && !this.#isLimited(device) ? Math.min(OWN_RESERVE, this.#terms.reserve) : 0;
  }

  /** Bytes that the configuration grants, by the name of a device or its UUID, which stays when numbers change. */
  #limit(device: string): number | undefined {
    return this.#terms.limits.get(this.#limitName(device));
  }

  /** The name under which the configuration has the limit of a device. */
  #limitName(device: string): string {
    const [uuid] = this.#devices.get(device)?.ids ?? [];
    const { limits } = this.#terms;
    if (uuid === undefined || limits.has(device)) return device;
    return limits.keys().find((name) => name.toLowerCase() === uuid.toLowerCase()) ?? device;
  }

  #isLimited(device: string): boolean {
    return this.#limit(device) !== undefined;
  }

  /** The key of a limit that would give more if it were higher; `null`: a limit above what the machine has holds nothing back. */
  #heldBackBy(device: string): string | null {
    const isHeldBack = (this.#limit(device) ?? Infinity) * this.#terms.overcommit < this.#ours(device);
    return isHeldBack ? this.#limitName(device) : null;
  }

  /** Bytes that runs may have without a limit; unknown devices have no bound. */
  #ours(device: string): number {
    const known = this.#devices.get(device);
    if (known === undefined) return Infinity;
    const { reserve, overcommit } = this.#terms;
    return known.total * overcommit - reserve - known.foreign;
  }

  #capacity(device: string): number {
    if (!this.#devices.has(device)) return Infinity;
    const limit = (this.#limit(device) ?? Infinity) * this.#terms.overcommit;
    return Math.max(0, Math.floor(Math.min(this.#ours(device), limit)));
  }
}

/** Name of the memory of the machine. */
const RAM = 'ram';

/** A need between a smaller one of the same run and a larger one. @param share 0: the smaller one; 1: the larger one */
function between(smaller: RunNeed, larger: DeviceNeed, share: number): DeviceNeed {
  const least = smaller.devices.find(({ device }) => device === larger.device) ?? { whole: 0, resident: 0, least: 0 };
  const mix = (from: number, to: number): number => Math.ceil(from + (to - from) * share);
  return {
    device: larger.device,
    whole: mix(least.whole, larger.whole),
    resident: mix(least.resident, larger.resident),
    least: mix(least.least, larger.least),
  };
}

function wholeOn(device: string, needs: readonly RunNeed[]): number {
  return sumOn(device, needs, ({ whole }) => whole);
}

function sumOn(device: string, needs: readonly RunNeed[], bytes: (need: DeviceNeed) => number): number {
  return needs
    .flatMap(({ devices }) => devices.filter((each) => each.device === device))
    .reduce((sum, each) => sum + bytes(each), 0);
}
