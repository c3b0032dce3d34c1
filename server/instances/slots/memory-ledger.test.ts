import { describe, expect, it } from 'vitest';
import type { DeviceMemory, DeviceNeed, LaunchNeed, NeedSource, RunNeed } from '../ports/machine-memory.ts';
import { MemoryLedger } from './memory-ledger.ts';
import type { MemoryTerms } from './memory-terms.ts';

/** Amounts of memory without machines. Amounts are bytes; names of resources begin with `memory `. */

const MB = 1_000_000;
const NO_LIMITS: MemoryTerms = { reserve: 0, limits: new Map(), overcommit: 1 };

const needOf = (bytes: Partial<DeviceNeed> & { whole: number }, source: NeedSource = 'projected'): RunNeed => ({
  devices: [{ device: 'ram', resident: bytes.whole, least: bytes.whole, ...bytes }],
  source,
});
const reading = (total: number, used: number | null, more: Partial<DeviceMemory> = {}): DeviceMemory => ({
  device: 'ram',
  total,
  used,
  swap: 0,
  ...more,
});

function ledgerWith(
  readings: readonly DeviceMemory[],
  terms: Partial<MemoryTerms> = {},
  certain: readonly RunNeed[] = [],
  uncertain: readonly RunNeed[] = [],
): MemoryLedger {
  const ledger = new MemoryLedger({ ...NO_LIMITS, ...terms });
  ledger.note(readings, certain, uncertain);
  return ledger;
}

const capacity = (
  ledger: MemoryLedger,
  fixed: readonly RunNeed[] = [],
  held: readonly RunNeed[] = [],
): number | undefined => ledger.capacity(fixed, held).get('memory ram');
const demand = (ledger: MemoryLedger, need: RunNeed, fixed: readonly RunNeed[] = []): number | undefined =>
  ledger.demand(need, fixed, false).get('memory ram');

describe('the capacity of a device', () => {
  it('is its memory without the reserve and without the use of other programs', () => {
    expect(capacity(ledgerWith([reading(1_000, 300)], { reserve: 100 }))).toBe(600);
  });

  it('is at most the limit of the configuration, and both grow with overcommit', () => {
    const limits = new Map([['ram', 400]]);
    expect(capacity(ledgerWith([reading(1_000, 0)], { limits }))).toBe(400);
    expect(capacity(ledgerWith([reading(1_000, 0)], { limits, overcommit: 1.5 }))).toBe(600);
    expect(capacity(ledgerWith([reading(1_000, 0)], { overcommit: 1.5 }))).toBe(1_500);
  });

  it('is at most the limit that names its UUID', () => {
    const limits = new Map([['GPU-8932f937', 400]]);
    const gpu = reading(1_000, 0, { device: 'nvidia:1', ids: ['GPU-8932F937'] });
    expect(ledgerWith([reading(1_000, 0), gpu], { limits }).capacity([], [])).toEqual(
      new Map([
        ['memory ram', 1_000],
        ['memory nvidia:1', 400],
      ]),
    );
  });

  it('leaves something beside pinned instances that hold all, but not within a limit', () => {
    const pinned = [needOf({ whole: 1_200 })];
    expect(capacity(ledgerWith([reading(1_000, 0)]), pinned)).toBe(1_201);
    expect(capacity(ledgerWith([reading(1_000, 0)], { limits: new Map([['ram', 400]]) }), pinned)).toBe(400);
  });

  it('includes the reserve that an engine leaves which chose its own size, but not within a limit', () => {
    const GIB = 1_024 ** 3;
    const filling: RunNeed[] = [{ ...needOf({ whole: 5 }), fills: true }];
    const beside = (reserve: number, held: RunNeed[], limits = new Map<string, number>()): number | undefined =>
      capacity(ledgerWith([reading(10 * GIB, 0)], { reserve, limits }), [], held);
    expect(beside(GIB, filling)).toBe(10 * GIB);
    expect(beside(GIB, [needOf({ whole: 5 })])).toBe(9 * GIB);
    expect(beside(3 * GIB, filling)).toBe(8 * GIB);
    expect(beside(GIB, filling, new Map([['ram', 20 * GIB]]))).toBe(9 * GIB);
  });

  it('is all of it if the system does not report the use', () => {
    expect(capacity(ledgerWith([reading(1_000, null)]))).toBe(1_000);
  });

  it('is unknown before the first reading, so nothing limits a start', () => {
    const ledger = new MemoryLedger(NO_LIMITS);
    expect([
      ledger.capacity([], []).size,
      demand(ledger, needOf({ whole: 5 })),
      ledger.shortage(needOf({ whole: 5 }), []),
    ]).toEqual([0, 5, null]);
  });
});

describe('the use of other programs', () => {
  it('is the used memory that ready runs do not account for', () => {
    expect(capacity(ledgerWith([reading(1_000, 500)], {}, [needOf({ whole: 300 })]))).toBe(800);
  });

  it('stays the same while the tool of a GPU fails', () => {
    const gpu = reading(1_000, 400, { device: 'nvidia:0' });
    const ledger = ledgerWith([reading(1_000, 0), gpu]);
    ledger.note([reading(1_000, 0)], [], []);
    expect(ledger.capacity([], []).get('memory nvidia:0')).toBe(600);
    const ended = { ...needOf({ whole: 500, device: 'nvidia:0' }) };
    expect(ledger.leftOf(ended, [])).toBe(null);
  });

  it('leaves out weights that the system may drop', () => {
    const mapped = needOf({ whole: 300, resident: 50, least: 30 });
    expect(capacity(ledgerWith([reading(1_000, 150)], {}, [mapped]))).toBe(900);
  });

  it('stays the same while runs load, as far as the reading allows it', () => {
    const loading = needOf({ whole: 300 });
    const ledger = ledgerWith([reading(1_000, 200)]);
    ledger.note([reading(1_000, 350)], [], [loading]);
    expect(capacity(ledger)).toBe(800);
    ledger.note([reading(1_000, 700)], [], [loading]);
    expect(capacity(ledger)).toBe(600);
    ledger.note([reading(1_000, 100)], [], [loading]);
    expect(capacity(ledger)).toBe(900);
  });
});

describe('the demand of a start', () => {
  it('is its whole need, also if the device has less but could never have enough', () => {
    expect(demand(ledgerWith([reading(1_000, 0)]), needOf({ whole: 600 }))).toBe(600);
    expect(demand(ledgerWith([reading(1_000, 0)]), needOf({ whole: 1_600 }))).toBe(1_600);
  });

  it('is everything beside pinned instances, if dropped weights let it run', () => {
    const mapped = needOf({ whole: 1_600, resident: 100, least: 50 });
    expect(demand(ledgerWith([reading(1_000, 0)]), mapped)).toBe(1_000);
    expect(demand(ledgerWith([reading(1_000, 0)]), mapped, [needOf({ whole: 300 })])).toBe(700);
    expect(demand(ledgerWith([reading(1_000, 1_000)]), mapped)).toBe(1);
  });

  it('is nothing of devices without a limit, if it fails by an estimate that its engine will check', () => {
    const ofTrial = (whole: number, limit?: number): (number | undefined)[] => {
      const ledger = ledgerWith([reading(1_000, 0)], limit === undefined ? {} : { limits: new Map([['ram', limit]]) });
      const need = needOf({ whole }, 'estimated');
      return [demand(ledger, need), ledger.demand({ ...need, reports: true }, [], false).get('memory ram')];
    };
    expect(ofTrial(1_001)).toEqual([1_000, undefined]);
    expect(ofTrial(1_000)).toEqual([1_000, 1_000]);
    expect(ofTrial(1_001, 900)).toEqual([1_001, 1_001]);
    expect(ofTrial(4_001)).toEqual([4_001, 4_001]);
  });

  it('is nothing of devices without a limit, if it is eased', () => {
    const both: RunNeed = {
      devices: ['ram', 'nvidia:0'].map((device) => ({ device, whole: 5, resident: 5, least: 5 })),
      source: 'projected',
    };
    const readings = [reading(1_000, 0), reading(1_000, 0, { device: 'nvidia:0' })];
    const ledger = ledgerWith(readings, { limits: new Map([['nvidia:0', 100]]) });
    expect([...ledger.demand(both, [], true)]).toEqual([['memory nvidia:0', 5]]);
  });
});

describe('a shortage', () => {
  it('counts the whole need against a limit, also that of an estimate', () => {
    const ledger = ledgerWith([reading(1_000, 0)], { limits: new Map([['ram', 400]]) });
    const found = { device: 'ram', need: 500, most: 300, pinned: 100, limit: 'ram' };
    expect(ledger.shortage(needOf({ whole: 500, least: 10 }, 'estimated'), [needOf({ whole: 100 })])).toEqual(found);
    expect(ledger.shortage(needOf({ whole: 400 }), [])).toBe(null);
  });

  it('does not blame a limit that is higher than what the machine has', () => {
    const ledger = ledgerWith([reading(1_000, 0)], { limits: new Map([['ram', 5_000]]) });
    expect(ledger.shortage(needOf({ whole: 9_000 }), [])).toMatchObject({ need: 9_000, limit: null });
  });

  it('counts without a limit only what must be there, and RAM with its swap', () => {
    const ledger = (swap: number | null): MemoryLedger => ledgerWith([reading(1_000, 900, { swap })]);
    expect(ledger(0).shortage(needOf({ whole: 2_000, least: 1_000 }), [])).toBe(null);
    expect(ledger(0).shortage(needOf({ whole: 2_000, least: 1_001 }), [])).toMatchObject({ need: 1_001, most: 1_000 });
    expect(ledger(500).shortage(needOf({ whole: 2_000, least: 1_500 }), [])).toBe(null);
    expect(ledger(500).shortage(needOf({ whole: 2_000, least: 1_501 }), [])).toMatchObject({ most: 1_500 });
    expect(ledger(null).shortage(needOf({ whole: 1e9 }), [])).toBe(null);
  });

  it('does not count what an engine took later, and a start then demands all that there is', () => {
    const ledger = ledgerWith([reading(1_000, 0)], { limits: new Map([['ram', 500]]) });
    const grown = needOf({ whole: 700, surplus: 300 }, 'measured');
    expect([ledger.shortage(grown, []), demand(ledger, grown)]).toEqual([null, 500]);
    expect(ledger.shortage(needOf({ whole: 700, surplus: 100 }), [])).toMatchObject({ need: 600, most: 500 });
  });

  it('needs a figure of the engine if there is no limit', () => {
    const ledger = ledgerWith([reading(1_000, 0)]);
    const outcomes = (['estimated', 'projected', 'measured'] as const).map((source) =>
      ledger.shortage(needOf({ whole: 2_000 }, source), []),
    );
    expect(outcomes.map((outcome) => outcome !== null)).toEqual([false, true, true]);
  });

  it('is believed of an estimate only if that is more than four times what there is', () => {
    const ledger = ledgerWith([reading(1_000, 0)]);
    expect(ledger.shortage(needOf({ whole: 4_000 }, 'estimated'), [])).toBe(null);
    expect(ledger.shortage(needOf({ whole: 4_001 }, 'estimated'), [])).toMatchObject({ need: 4_001, most: 1_000 });
  });

  it('of a GPU counts other programs, which cannot be swapped out', () => {
    const gpu = reading(1_000, 600, { device: 'nvidia:0', swap: null });
    const need: RunNeed = {
      devices: [{ device: 'nvidia:0', whole: 500, resident: 500, least: 500 }],
      source: 'projected',
    };
    expect(ledgerWith([gpu]).shortage(need, [])).toMatchObject({ need: 500, most: 400 });
  });
});

describe('the memory of an ended run', () => {
  const ended = needOf({ whole: 1_000 * MB, least: 800 * MB });
  const left = (used: number, others: readonly RunNeed[] = []): number | null => {
    const ledger = ledgerWith([reading(4_000 * MB, 500 * MB)]);
    ledger.note([reading(4_000 * MB, used)], [], [ended, ...others]);
    return ledger.leftOf(ended, others)?.left ?? null;
  };

  it('is free when a quarter and 100 MB of what it held are left', () => {
    expect([left(500 * MB), left(800 * MB), left(801 * MB)]).toEqual([null, null, 301 * MB]);
  });

  it('is at most what it held', () => {
    expect(left(3_000 * MB)).toBe(800 * MB);
  });

  it('is not that of another run which loads meanwhile', () => {
    expect(left(1_000 * MB, [needOf({ whole: 400 * MB })])).toBe(null);
  });

  it('counts as free where the system does not report the use', () => {
    const ledger = ledgerWith([reading(4_000 * MB, null)]);
    expect(ledger.leftOf(ended, [])).toBe(null);
  });
});

describe('what a run takes', () => {
  const smallest = needOf({ whole: 300, resident: 200, least: 100 }, 'estimated');
  const most = needOf({ whole: 900, resident: 600, least: 300 }, 'measured');
  const taken = (used: number, need: LaunchNeed): RunNeed =>
    ledgerWith([reading(1_000, used)]).taken(need, [needOf({ whole: 100 })]);

  it('is its need if its engine does not choose it', () => {
    expect(taken(0, { ...smallest, suggestions: [] })).toEqual(smallest);
  });

  it('is what is free, between the smallest and the largest that its engine chooses', () => {
    const need = { ...smallest, upTo: most, suggestions: [] };
    expect(taken(0, need)).toEqual(most);
    expect(taken(300, need)).toEqual({
      ...needOf({ whole: 600, resident: 400, least: 200 }, 'estimated'),
      fills: true,
    });
    expect(taken(900, need)).toEqual({ ...smallest, fills: true });
  });
});

describe('rooms', () => {
  it('are what is free beside the given runs, and never negative', () => {
    const ledger = ledgerWith([reading(1_000, 200)], { reserve: 100 });
    expect(ledger.rooms([needOf({ whole: 300 })])).toEqual([{ device: 'ram', total: 1_000, free: 400 }]);
    expect(ledger.rooms([needOf({ whole: 3_000 })])).toEqual([{ device: 'ram', total: 1_000, free: 0 }]);
  });
});
