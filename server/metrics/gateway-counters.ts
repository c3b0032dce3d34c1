import { REQUEST_DOORS, type RequestDoor, type RequestOutcome } from '@llamactl/contract/requests';
import { buckets, Histogram } from './histogram.ts';
import type { RequestFigures } from '@llamactl/contract/requests';
import { type Exposition, labelText } from './exposition.ts';

/** Seconds. Answers take from milliseconds to many minutes. */
const DURATIONS = buckets(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600);
/** Seconds, for times that a person waits. */
const WAITS = buckets(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60);
const SPEEDS = buckets(1, 2.5, 5, 10, 20, 40, 80, 160, 320);

/** Figures of one instance through one entry point (label `door`). */
interface Account {
  outcomes: Map<RequestOutcome, number>;
  durations: Histogram;
  waits: Histogram;
  firstTokens: Histogram;
  speeds: Histogram;
  tokensIn: number;
  tokensOut: number;
  bytesOut: number;
}

/**
 * Counts requests to engines. Its labels are bounded: names of existing instances, doors and outcomes, but never what a
 * caller sent.
 */
export class GatewayCounters {
  /** By the instance's name. */
  readonly #accounts = new Map<string, Map<RequestDoor, Account>>();
  #unrouted = 0;

  /** Counts a request that has ended. */
  finished(request: RequestFigures): void {
    if (request.instance === null) {
      this.#unrouted += 1;
      return;
    }
    const account = this.#account(request.instance, request.door);
    account.outcomes.set(request.outcome, (account.outcomes.get(request.outcome) ?? 0) + 1);
    if (request.outcome === 'ok') account.durations.observe(request.duration);
    if (request.waited !== null) account.waits.observe(request.waited);
    if (request.time_to_first_token !== null) account.firstTokens.observe(request.time_to_first_token);
    if (request.tokens_per_second !== null) account.speeds.observe(request.tokens_per_second);
    account.tokensIn += request.tokens_in ?? 0;
    account.tokensOut += request.tokens_out ?? 0;
    account.bytesOut += request.bytes_out;
  }

  /** Drops the figures of a deleted instance: a new one with its name starts at zero. */
  forget(instance: string): void {
    this.#accounts.delete(instance);
  }

  /** Moves the figures of a renamed instance to its new name. */
  rename(previous: string, name: string): void {
    const doors = this.#accounts.get(previous);
    this.#accounts.delete(previous);
    if (doors !== undefined) this.#accounts.set(name, doors);
  }

  /** @param instances Names of the instances to include; each becomes the label `instance`. */
  write(exposition: Exposition, instances: readonly string[]): void {
    const families = familiesOf(exposition);
    for (const instance of instances) {
      for (const door of REQUEST_DOORS) {
        const account = this.#accounts.get(instance)?.get(door);
        if (account === undefined) continue;
        const labels = labelText({ instance, door });
        for (const [outcome, count] of account.outcomes) {
          families.requests.addText(String(count), `${labels},outcome="${outcome}"`);
        }
        account.durations.write(families.durations, labels);
        account.waits.write(families.waits, labels);
        account.firstTokens.write(families.firstTokens, labels);
        account.speeds.write(families.speeds, labels);
        families.tokensIn.addText(String(account.tokensIn), labels);
        families.tokensOut.addText(String(account.tokensOut), labels);
        families.bytesOut.addText(String(account.bytesOut), labels);
      }
    }
  }

  /** Writes the requests that belong to no instance. */
  writeUnrouted(exposition: Exposition): void {
    exposition
      .family('llamactl_unrouted_requests_total', 'counter', 'Requests for a model that no instance has.')
      .add(this.#unrouted);
  }

  #account(instance: string, door: RequestDoor): Account {
    const doors = this.#accounts.get(instance) ?? new Map<RequestDoor, Account>();
    this.#accounts.set(instance, doors);
    const account = doors.get(door) ?? emptyAccount();
    doors.set(door, account);
    return account;
  }
}

function emptyAccount(): Account {
  return {
    outcomes: new Map(),
    durations: new Histogram(DURATIONS),
    waits: new Histogram(WAITS),
    firstTokens: new Histogram(WAITS),
    speeds: new Histogram(SPEEDS),
    tokensIn: 0,
    tokensOut: 0,
    bytesOut: 0,
  };
}

function familiesOf(exposition: Exposition) {
  return {
    requests: exposition.family('llamactl_requests_total', 'counter', 'Requests to engines that are over, by outcome.'),
    durations: exposition.family(
      'llamactl_request_duration_seconds',
      'histogram',
      'From the request to the last byte of its answer, waiting included; successful ones.',
    ),
    waits: exposition.family(
      'llamactl_request_wait_seconds',
      'histogram',
      'From the request to when an engine had it: starts, slots and turns.',
    ),
    firstTokens: exposition.family(
      'llamactl_time_to_first_token_seconds',
      'histogram',
      'From the request to the first token of a streamed answer, waiting included.',
    ),
    speeds: exposition.family(
      'llamactl_request_tokens_per_second',
      'histogram',
      'Tokens a second of a streamed answer, from its first token to its last.',
    ),
    tokensIn: exposition.family('llamactl_prompt_tokens_total', 'counter', 'Tokens of prompts, cached ones too.'),
    tokensOut: exposition.family('llamactl_generated_tokens_total', 'counter', 'Tokens generated.'),
    bytesOut: exposition.family('llamactl_response_bytes_total', 'counter', "Bytes of the bodies of engines' answers."),
  };
}
