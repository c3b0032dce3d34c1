import fc from 'fast-check';
import { CALLERS, INSTANCES, REAL_INSTANCES, type CallerName, type InstanceName } from './cast.ts';

/** A request, and what its caller does about it. */
export interface RequestStep {
  kind: 'request';
  instance: InstanceName;
  caller: CallerName;
  isStream: boolean;
  /** The engine is to go on after its sentence; only real ones can. */
  isLong: boolean;
  /** So many at the same moment. */
  count: number;
  /** When something is done about it; `null`: the answer is waited for. */
  reaction: Reaction | null;
}

/** After a number of pieces of the answer, or after a time from the sending. */
export interface Reaction {
  act: 'hang up' | 'kill the engine' | 'cancel';
  when: { pieces: number } | { milliseconds: number };
}

/** Something that is done to an instance through the API, or to its engine. */
export interface CommandStep {
  kind: 'start' | 'stop' | 'restart' | 'kill';
  instance: InstanceName;
  /** For stops and restarts. */
  terms: { force?: boolean; timeout?: number };
}

/** What happens next, and how long after the one before, milliseconds. */
export type Step = (RequestStep | CommandStep) & { after: number };

const caller = fc.constantFrom(...CALLERS);
/** One of them takes five seconds to stop: it comes seldom, or nothing else would. */
const instance = fc.oneof(
  { weight: 24, arbitrary: fc.constantFrom(...INSTANCES.filter((name) => name !== 'stubborn')) },
  { weight: 1, arbitrary: fc.constant<InstanceName>('stubborn') },
);

const request = (parts: Partial<Record<keyof RequestStep, fc.Arbitrary<unknown>>>): fc.Arbitrary<RequestStep> =>
  fc.record({
    kind: fc.constant('request'),
    instance,
    caller,
    isStream: fc.boolean(),
    isLong: fc.constant(false),
    count: fc.constant(1),
    reaction: fc.constant(null),
    ...parts,
  }) as fc.Arbitrary<RequestStep>;

const afterPieces = (most: number) => fc.record({ pieces: fc.integer({ min: 1, max: most }) });
const afterTime = (most: number) => fc.record({ milliseconds: fc.integer({ min: 0, max: most }) });
const stream = fc.constant(true);
const long = { isStream: stream, isLong: fc.constant(true), instance: fc.constantFrom(...REAL_INSTANCES) };
const slow = { isStream: stream, instance: fc.constant('slow') };
const reaction = (act: Reaction['act'], when: fc.Arbitrary<Reaction['when']>) => ({
  reaction: fc.record({ act: fc.constant(act), when }),
});

const command = (
  kind: CommandStep['kind'],
  terms: fc.Arbitrary<CommandStep['terms']> = fc.constant({}),
): fc.Arbitrary<CommandStep> => fc.record({ kind: fc.constant(kind), instance, terms });

const action = fc.oneof(
  { weight: 60, arbitrary: request({}) },
  { weight: 4, arbitrary: request(long) },
  { weight: 4, arbitrary: request({ count: fc.integer({ min: 4, max: 12 }), caller: fc.constant('agent') }) },
  { weight: 4, arbitrary: request(reaction('hang up', afterTime(60))) },
  { weight: 4, arbitrary: request({ ...slow, ...reaction('hang up', afterPieces(25)) }) },
  { weight: 2, arbitrary: request({ ...long, ...reaction('hang up', afterPieces(10)) }) },
  { weight: 2, arbitrary: request({ ...slow, ...reaction('cancel', afterPieces(25)) }) },
  { weight: 1, arbitrary: request(reaction('cancel', afterTime(60))) },
  { weight: 2, arbitrary: request({ ...slow, ...reaction('kill the engine', afterPieces(25)) }) },
  { weight: 2, arbitrary: request({ ...long, ...reaction('kill the engine', afterPieces(10)) }) },
  { weight: 1, arbitrary: command('kill') },
  { weight: 7, arbitrary: command('start') },
  { weight: 2, arbitrary: command('stop') },
  { weight: 1, arbitrary: command('stop', fc.constantFrom({ timeout: 0 }, { timeout: 0.1 }, { force: true })) },
  { weight: 2, arbitrary: command('restart') },
  { weight: 1, arbitrary: command('restart', fc.constantFrom({ timeout: 0 }, { force: true })) },
);

const pause = fc.integer({ min: 0, max: 120 });
/** Steps after which no requests come, for long enough to be idle. */
const STEPS_TO_A_REST = 100;
const rest = fc.integer({ min: 1_500, max: 3_500 });

/** The same steps for the same seed, always. */
export function plan(seed: number, count: number): Step[] {
  const steps = fc.sample(fc.tuple(action, pause, rest), { numRuns: count, seed });
  return steps.map(([step, short, long], index) => ({
    ...step,
    after: (index + 1) % STEPS_TO_A_REST === 0 ? long : short,
  }));
}
