import type { Cause } from '@llamactl/contract/cause';
import { phrase, type Phrase } from '@llamactl/contract/phrases';
import type { Remedy, Why } from '@llamactl/contract/why';
import { memoryText, duration } from '../../../format/figures.ts';
import { deviceText, evidenceOf, logLine, MEMORY_CAUSES, shortDevices } from './evidence.ts';
import { bareReason, causeOf } from './failure-cause.ts';
import { newerModel } from './lost-file.ts';
import { fitting, stopping } from './memory-remedies.ts';
import { changesOptions, givingUp, offloadRemedies, possible, remediesFor } from './remedies.ts';
import { reasonPhrase } from './reason-phrase.ts';
import { step } from './step.ts';
import { obstacleOfChange, type WhyFacts } from './why-facts.ts';

const OFFLOAD_SHORT = 'gpu_offload_short';

/** An explanation without the facts behind it. */
type Part = Pick<Why, 'sentence' | 'words' | 'cause' | 'remedies'> & { phrases: Phrase[] };

const START: Remedy = { ...step('start', 'Start it'), operation: 'startInstance' };
const RESTART: Remedy = { ...step('restart', 'Restart it'), operation: 'restartInstance' };
const THEN_START: Remedy = { ...START, ...step('start_when_done', 'Start it when that is done') };
const THEN_RESTART: Remedy = { ...RESTART, ...step('restart_then', 'Then restart it') };
const WHOLE_LOG: Remedy = { ...step('follow_output', 'Follow its output'), link: 'log' };

/** States whose sentence ends in a reason. */
type ReasonedState =
  | 'goes_down_because'
  | 'will_restart'
  | 'blocked'
  | 'blocked_before_first_start'
  | 'blocked_after_change'
  | 'failed'
  | 'failed_before_change';

/** Explains the state of an instance. Pure. */
export function explain(facts: WhyFacts): Why {
  const part = partOf(facts);
  const line = logLine(facts);
  // The remedies for a missing file have this one already.
  const isMissing = [part.cause, facts.health?.start_obstacle?.cause].includes('model_missing');
  const newer = isMissing ? [] : newerModel(facts.instance);
  return {
    ...part,
    remedies: possible([...part.remedies, ...newer], facts),
    evidence: evidenceOf(facts, part.cause, line?.text ?? null),
    log_seq: line?.seq ?? null,
  };
}

/** Whether an explanation would use an estimate of memory, which takes longer to get than other facts. */
export function isAboutMemory(facts: WhyFacts): boolean {
  return MEMORY_CAUSES.has(partOf(facts).cause);
}

/** Whether an explanation would change options, so that the options of the engine must be known. */
export function isAboutOptions(facts: WhyFacts): boolean {
  return partOf(facts).remedies.some(changesOptions);
}

function partOf(facts: WhyFacts): Part {
  const { instance } = facts;
  const { name, status, reason } = instance;
  switch (status) {
    case 'running':
      return running(facts);
    case 'starting':
      return starting(facts);
    case 'stopping':
      return {
        sentence: `${name} is stopping; requests in flight may finish first.`,
        phrases: [phrase('stops', { name })],
        cause: null,
        remedies: [{ ...step('stop_at_once', 'Stop it at once'), operation: 'stopInstance', body: { force: true } }],
      };
    case 'stopped':
      return stopped(facts);
    case 'restarting': {
      const why = bareReason(reason ?? 'the reason is unknown');
      const isBackoff = reason?.startsWith('backoff after: ') ?? false;
      const isWanted = why.startsWith('going down');
      const cause = isWanted ? null : causeOf(why, instance);
      if (!isBackoff) {
        const how = isWanted ? why : `going down in order to start again: ${why}`;
        return {
          sentence: `${name} is ${how}.`,
          ...(isWanted ? { phrases: [phrase('goes_down', { name })] } : because('goes_down_because', name, why, cause)),
          cause,
          remedies: [],
        };
      }
      return {
        sentence: `${name} ended and will be restarted: ${sentenceOf(why, cause)}.`,
        ...because('will_restart', name, why, cause),
        cause,
        remedies: [
          ...(cause === null ? [] : remediesFor(cause, why, facts)),
          { ...START, ...step('retry_now', 'Retry now') },
          { ...step('give_up', 'Give up'), operation: 'stopInstance' },
        ],
      };
    }
    case 'failed':
      return failed(facts);
  }
}

function running(facts: WhyFacts): Part {
  const { instance, health, alerts, now } = facts;
  const { name, started_at: startedAt, restart_required: isChanged } = instance;
  const since = startedAt === null ? 'runs' : `has run for ${ago(startedAt, now)}`;
  const { response = 'none' } = health?.checks ?? {};
  const isWell = health === null || health.status === 'healthy';
  const trouble = isWell ? ' and answers' : `, but does not answer its health check (${response})`;
  const obstacle = health?.start_obstacle;
  const next = isChanged ? '; its changed settings take effect at the next start' : '';
  const change =
    obstacle === undefined
      ? next
      : `; once it stops, it cannot start ${isChanged ? 'with its changed settings' : 'again'}: ${shortened(obstacle.message)}`;
  const short = alerts.filter(({ code }) => code === OFFLOAD_SHORT);
  const seconds = startedAt === null ? undefined : secondsSince(startedAt, now);
  return {
    sentence: `${name} ${since}${trouble}${change}.`,
    phrases: [
      isWell
        ? phrase('runs_well', { name, seconds })
        : phrase('runs_without_answer', { name, seconds, answer: response }),
      ...(obstacle === undefined
        ? isChanged
          ? [phrase('settings_wait')]
          : []
        : [
            phrase(isChanged ? 'changed_blocked_once_stopped' : 'blocked_once_stopped'),
            ...reasons(obstacle.message, obstacle.cause),
          ]),
    ],
    ...(obstacle === undefined ? {} : { words: shortened(obstacle.message) }),
    cause: isWell ? (obstacle?.cause ?? null) : 'no_answer',
    remedies: [
      ...(isWell ? [] : [{ ...step('look_at_output', 'Look at its output'), link: 'log' }]),
      ...(obstacle === undefined ? restarts(isWell, isChanged) : mended(obstacle, THEN_RESTART, facts)),
      ...short.flatMap(({ message }) => offloadRemedies(instance, message)),
    ],
  };
}

/** Restarts of a running instance that nothing hinders. */
function restarts(isWell: boolean, isChanged: boolean): Remedy[] {
  return [
    ...(isWell ? [] : [{ ...RESTART, ...step('restart_if_hanging', 'Restart it if it hangs') }]),
    ...(isChanged ? [{ ...RESTART, ...step('restart_to_apply', 'Restart it to apply them') }] : []),
  ];
}

/** The steps against an obstacle, then the start, then the step for a user who gives up. */
function mended({ cause, message }: { cause: Cause; message: string }, start: Remedy, facts: WhyFacts): Remedy[] {
  return [...remediesFor(cause, message, facts), start, ...givingUp(cause, message, facts.instance)];
}

function starting({ instance, health, waitsFor, estimate, now }: WhyFacts): Part {
  const { name, started_at: startedAt } = instance;
  if (startedAt === null && waitsFor.length > 0) {
    const devices = shortDevices(estimate);
    const short = devices.map(
      ({ device, need, free }) => `${memoryText(need)} of ${deviceText(device)}, of which ${memoryText(free)} are free`,
    );
    const needs = short.length === 0 ? '' : `; it needs ${listed(short)}`;
    const smaller = fitting(estimate).filter(({ operation }) => operation === 'updateInstance');
    return {
      sentence: `${name} waits to start: ${listed(waitsFor)} must stop first, or finish a request${needs}.`,
      phrases: [
        phrase('waits_to_start', { name, names: waitsFor.join(', ') }),
        ...devices.map(({ device, need, free }) =>
          phrase('needs_memory', { device, need_bytes: need, free_bytes: free }),
        ),
      ],
      cause: 'waits_for',
      remedies: [
        ...stopping(waitsFor),
        ...smaller,
        { ...step('do_not_start', 'Do not start it'), operation: 'stopInstance' },
      ],
    };
  }
  if (startedAt === null)
    return {
      sentence: `${name} is about to start; it has no process yet.`,
      phrases: [phrase('about_to_start', { name })],
      cause: null,
      remedies: [WHOLE_LOG],
    };
  const isLoading = health?.checks.response === 'loading';
  const what = isLoading ? 'has been loading its model for' : 'has been starting for';
  return {
    sentence: `${name} ${what} ${ago(startedAt, now)}.`,
    phrases: [phrase(isLoading ? 'loads' : 'starts', { name, seconds: secondsSince(startedAt, now) })],
    cause: null,
    remedies: [WHOLE_LOG],
  };
}

function stopped(facts: WhyFacts): Part {
  const { instance, health, now } = facts;
  const { name, last_exit: last } = instance;
  const obstacle = health?.start_obstacle;
  if (obstacle !== undefined) {
    const was = last === null ? ', was never started,' : '';
    return {
      sentence: `${name} is stopped${was} and cannot be started: ${shortened(obstacle.message)}.`,
      ...because(
        last === null ? 'blocked_before_first_start' : 'blocked',
        name,
        shortened(obstacle.message),
        obstacle.cause,
      ),
      cause: obstacle.cause,
      remedies: mended(obstacle, THEN_START, facts),
    };
  }
  const remedies = [START];
  if (last === null)
    return {
      sentence: `${name} is stopped: it was never started.`,
      phrases: [phrase('never_started', { name })],
      cause: null,
      remedies,
    };
  const when = `${ago(last.at, now)} ago`;
  const seconds = secondsSince(last.at, now);
  if (last.reason === 'stopped as asked')
    return {
      sentence: `${name} is stopped: a user or program stopped it ${when}.`,
      phrases: [phrase('stopped_by_caller', { name, seconds })],
      cause: last.cause,
      remedies,
    };
  const reason = endReason(last.reason, facts);
  const { evictedFor } = facts;
  const why = reasons(last.reason, last.cause).map((each) =>
    each.kind === 'evicted' ? phrase('evicted', { instance: evictedFor ?? undefined }) : each,
  );
  return {
    sentence: `${name} is stopped; its last run ended ${when}: ${reason}.`,
    phrases: [phrase('run_ended', { name, seconds }), ...why],
    words: reason,
    cause: last.cause,
    remedies,
  };
}

function failed(facts: WhyFacts): Part {
  const { name, reason, last_exit: last, updated_at: updatedAt } = facts.instance;
  const why = bareReason(reason ?? last?.reason ?? 'the reason is unknown');
  if (last !== null && updatedAt > last.at) {
    const obstacle = obstacleOfChange(facts);
    if (obstacle !== null) {
      return {
        sentence: `${name} cannot be started with its changed settings: ${shortened(obstacle.message)}.`,
        ...because('blocked_after_change', name, shortened(obstacle.message), obstacle.cause),
        cause: obstacle.cause,
        remedies: mended(obstacle, THEN_START, facts),
      };
    }
    return {
      sentence: `${name} failed before its settings were changed: ${why}.`,
      ...because('failed_before_change', name, why, causeOf(why, facts.instance)),
      cause: causeOf(why, facts.instance),
      remedies: [{ ...START, ...step('start_with_new_settings', 'Start it with the new settings') }],
    };
  }
  const cause = causeOf(why, facts.instance);
  const [tries, restarts] = /gave up after (\d+) restarts? in a row/.exec(reason ?? '') ?? [];
  const failure = because('failed', name, sentenceOf(why, cause), cause);
  return {
    sentence: `${name} failed${tries === undefined ? '' : ` (${tries})`}: ${sentenceOf(why, cause)}.`,
    ...failure,
    phrases:
      restarts === undefined
        ? failure.phrases
        : [phrase('gave_up', { name, restarts: Number(restarts) }), ...failure.phrases.slice(1)],
    cause,
    remedies: mended({ cause, message: why }, THEN_START, facts),
  };
}

/** A state that has a reason: both as data, and the words of the reason. */
function because(
  kind: ReasonedState,
  name: string,
  words: string,
  cause: Cause | null,
): Pick<Part, 'phrases' | 'words'> {
  return { phrases: [phrase(kind, { name }), ...reasons(words, cause)], words };
}

function reasons(words: string, cause: Cause | null): Phrase[] {
  const reason = reasonPhrase(words, cause);
  return reason === null ? [] : [reason];
}

/** The reason of an end, with the name of the instance that needed the slot, if it is known. */
function endReason(reason: string, { evictedFor }: WhyFacts): string {
  const bare = bareReason(reason);
  return evictedFor === null ? bare : bare.replace('another instance', () => evictedFor);
}

/** A reason without its advice, which is among the remedies. */
function sentenceOf(reason: string, cause: Cause | null): string {
  return cause === 'does_not_fit' ? withoutAdvice(reason) : reason;
}

function shortened(message: string): string {
  return withoutAdvice(bareReason(message));
}

function withoutAdvice(reason: string): string {
  return reason.split('; ')[0] ?? reason;
}

function listed(names: readonly string[]): string {
  const [first = '', ...others] = names;
  const last = others.pop();
  return last === undefined ? first : `${[first, ...others].join(', ')} and ${last}`;
}

function ago(time: string, now: number): string {
  return duration(secondsSince(time, now));
}

function secondsSince(time: string, now: number): number {
  return (now - Date.parse(time)) / 1_000;
}
