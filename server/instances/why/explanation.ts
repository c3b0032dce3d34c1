import type { Cause } from '@llamactl/contract/cause';
import { phrase } from '@llamactl/contract/phrases';
import type { Why } from '@llamactl/contract/why';
import { evidenceOf, logLine, MEMORY_CAUSES } from './evidence.ts';
import { running, starting } from './explanation-of-run.ts';
import {
  ago,
  because,
  mended,
  type Part,
  reasons,
  secondsSince,
  shortened,
  START,
  withoutAdvice,
} from './explanation-part.ts';
import { bareReason, causeOf } from './failure-cause.ts';
import { newerModel } from './lost-file.ts';
import { changesOptions, possible, remediesFor } from './remedies.ts';
import { step } from './step.ts';
import { obstacleOfChange, type WhyFacts } from './why-facts.ts';

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
      remedies: mended(obstacle, START, facts),
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
        remedies: mended(obstacle, START, facts),
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
    remedies: mended({ cause, message: why }, START, facts),
  };
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
