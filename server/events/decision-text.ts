import { memoryText } from '../../format/figures.ts';
import type { DecisionInputs } from '@llamactl/contract/decisions';
import type { Decision } from '../instances/ports/trace.ts';

/** Most characters that are quoted from a text of a request or an engine. */
const LONGEST_QUOTE = 200;

/**
 * Describes a decision and its reason to people. If the decision is about an instance, the text continues a sentence
 * that begins with the instance's name.
 *
 * @param other Name of the instance for which another is stopped, or not stopped.
 */
export function decisionText(decision: Decision, other: string): string {
  switch (decision.kind) {
    case 'slot':
      return slotText(decision.inputs);
    case 'eviction':
      return `is stopped for ${other}: no request has used it for ${seconds(decision.inputs.idle_ms)}`;
    case 'spared':
      return `is not stopped for ${other}: ${sparedReason(decision.inputs)}`;
    case 'memory':
      return releaseText(decision.inputs);
    case 'closing':
      return closingText(decision.inputs, other);
    case 'idle_stop':
      return `is stopped: no request has used it for its idle timeout of ${decision.inputs.idle_timeout} s`;
    case 'request':
      return requestText(decision.inputs);
    case 'restart':
      return restartText(decision.inputs);
    case 'admission':
      return admissionText(decision.inputs);
    case 'retry':
      return retryText(decision.inputs);
    case 'route':
      return routeText(decision.inputs);
  }
}

function slotText({ outcome, limit, most, taken, may_evict: mayEvict }: DecisionInputs<'slot'>): string {
  if (limit === null) return 'gets a slot: no limit is in its way';
  const inTheWay =
    limit === 'exclusive'
      ? `it cannot run beside ${taken === 1 ? 'an instance' : `${taken} instances`}, because a group is exclusive`
      : limit.startsWith('memory ')
        ? `the ${limit} allows ${memoryText(most)}, and ${memoryText(taken)} is taken`
        : `${limit === 'group' ? 'its group' : limit} allows ${most}, and ${taken} ${taken === 1 ? 'is' : 'are'} taken`;
  if (outcome === 'hopeless') return `gets no slot: ${inTheWay}, and pinned ones are not stopped`;
  return `waits for a slot: ${inTheWay}${mayEvict ? '' : '; none is stopped for this start'}`;
}

function releaseText({ outcome, device, held, left, waited_ms: waited }: DecisionInputs<'memory'>): string {
  const memory = `${memoryText(held)} of ${device}`;
  if (outcome === 'freed') return `has freed its ${memory}, ${seconds(waited)} after its end`;
  return `ended ${seconds(waited)} ago, but ${memoryText(left)} of its ${memory} is still in use; it now counts as used by other programs`;
}

function closingText({ waited_ms: waited, leases }: DecisionInputs<'closing'>, other: string): string {
  return `gives no new leases: ${other} has waited ${seconds(waited)} for its slot, and ${requests(leases, 'still')}`;
}

function sparedReason({ because, leases, idle_ms: idle }: DecisionInputs<'spared'>): string {
  switch (because) {
    case 'pinned':
      return 'it is pinned';
    case 'starting':
      return 'it is starting';
    case 'stopping':
      return 'it is already stopping';
    case 'in_use':
      return requests(leases);
    case 'just_used':
      return `a request used it ${seconds(idle ?? 0)} ago, while the other waited`;
    case 'used_later':
      return `enough others were unused for longer than ${seconds(idle ?? 0)}`;
  }
}

function requestText(inputs: DecisionInputs<'request'>): string {
  const { outcome, status, waiting, waited_ms: waited, reason } = inputs;
  const because = reason === null ? '' : `: ${quoted(reason)}`;
  switch (outcome) {
    case 'starts':
      return `is started by a request, because it is ${status}`;
    case 'waits':
      return `makes a request wait: ${waitReason(inputs)} (${waiting} waiting)`;
    case 'leased':
      return `serves a request that waited ${seconds(waited)}`;
    case 'refused':
      return `refuses a request${because || `: it is ${status}`}`;
    case 'left':
      return `is no longer wanted by a request: its caller left after ${seconds(waited)}`;
  }
}

function waitReason({ status, leases, concurrency }: DecisionInputs<'request'>): string {
  if (status !== 'running') return `it is ${status}`;
  const isFull = concurrency !== null && leases >= concurrency;
  if (isFull) return `all ${concurrency} of its concurrency are in use`;
  return 'another instance wants its slot, or a retried request goes first';
}

function restartText(inputs: DecisionInputs<'restart'>): string {
  const { because, cause, restarts, max_restarts: most, delay_ms: delay } = inputs;
  const after = `after: ${quoted(cause)}`;
  switch (because) {
    case 'died': {
      const limit = most < 0 ? 'without a limit' : `at most ${most}`;
      return `restarts in ${seconds(delay ?? 0)} (restart ${restarts + 1} in a row, ${limit}), ${after}`;
    }
    case 'max_restarts':
      return `is not restarted, because max_restarts (${most}) is reached, ${after}`;
    case 'auto_restart_off':
      return `is not restarted, because auto_restart is off, ${after}`;
    case 'first_start':
      return `is not restarted, because it never became ready after a command or a request, ${after}`;
  }
}

function admissionText(inputs: DecisionInputs<'admission'>): string {
  const { outcome, caller, limit, most, counted, retry_after_ms: wait } = inputs;
  const again = wait === null ? '' : `; try again in ${seconds(wait)}`;
  const key = limit === 'regular' || limit === 'intensive' ? `rate_limit.${limit}` : limit;
  return `a request of ${caller} is ${outcome}: ${key} allows ${most}, counted ${counted}${again}`;
}

const RETRY_REASONS: Readonly<Record<DecisionInputs<'retry'>['because'], string>> = {
  engine_died: 'its engine died before it answered, and the instance restarts',
  engine_lives: 'its engine did not die, or was stopped',
  not_restarted: 'the instance does not restart',
  not_inference: 'it may do more than compute an answer',
  body_gone: 'its body is no longer in memory',
  second_death: 'it was already sent to a second run, which died too',
  caller_left: 'its caller left',
};

function retryText({ outcome, because }: DecisionInputs<'retry'>): string {
  const sent = outcome === 'again' ? 'gets a request once more' : 'does not get a request again';
  return `${sent}: ${RETRY_REASONS[because]}`;
}

function routeText({ named, by }: DecisionInputs<'route'>): string {
  if (by === 'unknown') return `no instance has the name or alias ${JSON.stringify(quoted(named))}`;
  return `gets a request: ${JSON.stringify(quoted(named))} is its ${by}`;
}

function quoted(text: string): string {
  return text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
}

function seconds(milliseconds: number): string {
  return milliseconds < 1_000 ? `${Math.round(milliseconds)} ms` : `${Math.round(milliseconds / 100) / 10} s`;
}

/** How many requests use the instance. */
function requests(count: number, adverb = ''): string {
  const words = [count, count === 1 ? 'request' : 'requests', adverb, count === 1 ? 'uses' : 'use', 'it'];
  return words.filter((word) => word !== '').join(' ');
}
