import fc from 'fast-check';
import { type Name, NAMES, REAL } from './cast.ts';

/** Something that is done to an instance, to some, to the server, or to the machine. */
export type Deed =
  | { kind: 'create' | 'delete'; name: Name }
  /** `isStale`: it says that it is about a version which is not there any more. */
  | { kind: 'update'; name: Name; restarts: boolean; isStale: boolean }
  | { kind: 'start'; name: Name; waits: boolean }
  | { kind: 'stop' | 'restart'; name: Name; terms: { force?: boolean; timeout?: number } }
  | { kind: 'start all' | 'stop all' }
  | { kind: 'apply'; names: Name[]; prunes: boolean }
  | { kind: 'configure'; way: 'over the API' | 'by hand' }
  /** `leavesAfter`: milliseconds, `null`: the answer is waited for. */
  | { kind: 'ask'; name: Name; isStream: boolean; isLong: boolean; count: number; leavesAfter: number | null }
  | { kind: 'follow'; name: Name; milliseconds: number }
  | { kind: 'kill'; name: Name; whom: Victim }
  /** `null`: it is not woken. */
  | { kind: 'freeze'; name: Name; milliseconds: number | null }
  | { kind: 'server'; how: ServerDeed; milliseconds: number; isAwaited: boolean }
  | { kind: 'fill the disk'; milliseconds: number }
  | { kind: 'steal the port'; name: Name; milliseconds: number }
  | { kind: 'set the clock'; hours: number }
  | Rest;

/** Everything comes to rest, and is looked at. */
export interface Rest {
  kind: 'rest';
  /** Engines that are frozen go on. Else the server has to find that they hang. */
  wakes: boolean;
  /** Waits until idle instances are stopped. */
  isLong: boolean;
  /** Then a command is given, and the server is killed when it has said yes. */
  promise: { name: Name; command: PromiseCommand } | null;
}

type PromiseCommand = 'start' | 'stop';

/** Who of a run is killed; `group`: all of them at once. */
export const VICTIMS = ['engine', 'wrapper', 'grandchild', 'group'] as const;
export type Victim = (typeof VICTIMS)[number];

/** `kill`: -9, and started again; `end`: SIGTERM, and started again; `freeze`: SIGSTOP, and later SIGCONT. */
export type ServerDeed = 'kill' | 'end' | 'reload' | 'kill in a reload' | 'freeze';

/** What happens next, how long after the one before, milliseconds, and a number that no other step has. */
export type Step = Deed & { after: number; mark: number };

const name = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom(...REAL) },
  { weight: 4, arbitrary: fc.constantFrom<Name[]>('family', 'slow') },
  // Five seconds to stop: it comes seldom, or nothing else would.
  { weight: 1, arbitrary: fc.constantFrom<Name[]>('stubborn', 'broken') },
);
const kind = <Kind extends Deed['kind']>(of: Kind) => ({ kind: fc.constant(of) });
const upTo = (most: number) => fc.integer({ min: 0, max: most });
const terms = fc.constantFrom({}, {}, { timeout: 0 }, { timeout: 0.1 }, { force: true });
const no = fc.constant(false);

const ask = (parts: {
  name?: fc.Arbitrary<Name>;
  isStream?: fc.Arbitrary<boolean>;
  isLong?: fc.Arbitrary<boolean>;
  count?: fc.Arbitrary<number>;
  leavesAfter?: fc.Arbitrary<number | null>;
}): fc.Arbitrary<Deed> =>
  fc.record({
    ...kind('ask'),
    name,
    isStream: fc.boolean(),
    isLong: no,
    count: fc.constant(1),
    leavesAfter: fc.constant(null),
    ...parts,
  });
const long = { isStream: fc.constant(true), isLong: fc.constant(true), name: fc.constantFrom(...REAL) };

const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 30, arbitrary: ask({}) },
  { weight: 6, arbitrary: ask(long) },
  { weight: 3, arbitrary: ask({ count: fc.integer({ min: 3, max: 8 }) }) },
  { weight: 6, arbitrary: ask({ leavesAfter: upTo(80) }) },
  { weight: 3, arbitrary: ask({ ...long, leavesAfter: upTo(150) }) },
  { weight: 12, arbitrary: fc.record({ ...kind('create'), name }) },
  { weight: 3, arbitrary: fc.record({ ...kind('delete'), name }) },
  { weight: 10, arbitrary: fc.record({ ...kind('update'), name, restarts: fc.boolean(), isStale: no }) },
  { weight: 1, arbitrary: fc.record({ ...kind('update'), name, restarts: fc.boolean(), isStale: fc.constant(true) }) },
  { weight: 12, arbitrary: fc.record({ ...kind('start'), name, waits: fc.boolean() }) },
  { weight: 6, arbitrary: fc.record({ ...kind('stop'), name, terms }) },
  { weight: 4, arbitrary: fc.record({ ...kind('restart'), name, terms }) },
  { weight: 2, arbitrary: fc.record({ ...kind('start all') }) },
  { weight: 1, arbitrary: fc.record({ ...kind('stop all') }) },
  {
    weight: 3,
    arbitrary: fc.record({
      ...kind('apply'),
      names: fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 2, maxLength: 7 }),
      prunes: fc.constantFrom(false, false, false, true),
    }),
  },
  { weight: 2, arbitrary: fc.record({ ...kind('configure'), way: fc.constantFrom('over the API', 'by hand') }) },
  { weight: 3, arbitrary: fc.record({ ...kind('follow'), name, milliseconds: upTo(1_500) }) },
  {
    weight: 9,
    arbitrary: fc.record({ ...kind('kill'), name, whom: fc.constantFrom<Victim[]>('engine', 'wrapper', 'group') }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ ...kind('kill'), name: fc.constant('family'), whom: fc.constantFrom(...VICTIMS) }),
  },
  { weight: 3, arbitrary: fc.record({ ...kind('freeze'), name, milliseconds: upTo(1_500) }) },
  { weight: 1, arbitrary: fc.record({ ...kind('freeze'), name, milliseconds: fc.constant(null) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      ...kind('server'),
      how: fc.constantFrom<ServerDeed[]>('kill', 'kill', 'kill', 'end', 'reload', 'kill in a reload', 'freeze'),
      milliseconds: upTo(400),
      isAwaited: fc.constantFrom(true, true, false),
    }),
  },
  { weight: 1, arbitrary: fc.record({ ...kind('fill the disk'), milliseconds: upTo(2_000) }) },
  { weight: 3, arbitrary: fc.record({ ...kind('steal the port'), name, milliseconds: upTo(2_000) }) },
  { weight: 1, arbitrary: fc.record({ ...kind('set the clock'), hours: fc.integer({ min: -30, max: 30 }) }) },
);

const rest: fc.Arbitrary<Rest> = fc.record({
  ...kind('rest'),
  wakes: fc.constantFrom(true, true, true, false),
  isLong: fc.constantFrom(true, false, false),
  promise: fc.option(fc.record({ name, command: fc.constantFrom<PromiseCommand[]>('start', 'stop') })),
});

/** How many steps lie between two rests. */
export const STEPS_TO_A_REST = 40;
const pause = fc.oneof({ weight: 3, arbitrary: upTo(20) }, { weight: 1, arbitrary: upTo(150) });

/**
 * The same steps for the same seed, always: first all instances are made. No step needs another one to have been taken.
 *
 * @param without Kinds of steps that are left out.
 */
export function plan(seed: number, count: number, without: readonly string[] = []): Step[] {
  return allSteps(seed, count).filter((step) => !without.includes(step.kind === 'server' ? step.how : step.kind));
}

function allSteps(seed: number, count: number): Step[] {
  const steps = fc.sample(fc.tuple(deed, rest, pause), { numRuns: count, seed });
  return steps.map(([usual, quiet, after], index) => {
    const mark = index + 1;
    const first = NAMES[index];
    if (first !== undefined) return { kind: 'create', name: first, after: 0, mark };
    return { ...(mark % STEPS_TO_A_REST === 0 ? quiet : usual), after, mark };
  });
}
