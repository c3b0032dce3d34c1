import { Call } from '../soak/exchange.ts';
import { judge } from '../soak/verdict.ts';
import { FollowedLog } from '../followed-log.ts';
import type { Api } from './api.ts';
import type { Name, Role } from './cast.ts';
import type { Faults } from './faults.ts';
import type { Step } from './plan.ts';
import type { Troubles } from './troubles.ts';

type StepOf<Kind extends Step['kind']> = Step & { kind: Kind };

interface AsksParts {
  url: string;
  api: Api;
  roles: Record<Name, Role>;
  troubles: Troubles;
  faults: Faults;
}

/** The longest that a request may take: an engine that hangs is found by three checks of up to ten seconds. */
const DEADLINE_MS = 90_000;
/** Where nothing is the matter. */
const QUIET_DEADLINE_MS = 30_000;
/** What a request may be refused with. */
const CODES = new Set([
  'instance_not_running',
  'instance_not_found',
  'model_not_found',
  'start_failed',
  'capacity_exceeded',
  'rate_limited',
  'shutting_down',
  'port_in_use',
]);

/** Requests to engines, and those who read a log. */
export class Asks {
  readonly #with: AsksParts;
  readonly #followed = new Set<FollowedLog>();
  #count = 0;

  constructor(parts: AsksParts) {
    this.#with = parts;
  }

  /** Resolves when all of them have ended. */
  async take(step: StepOf<'ask'>): Promise<void> {
    await Promise.all(Array.from({ length: step.count }, () => this.#ask(step)));
  }

  /** Asks when everything is at rest: nothing but the right answer may come. */
  async askAtRest(name: Name): Promise<void> {
    const { url, roles, faults } = this.#with;
    const question = { id: this.#id(), instance: name, caller: 'rest', isStream: false, isLong: false };
    const asked = new Call({ url, key: 'none', agent: false }, question, () => undefined, QUIET_DEADLINE_MS);
    const exchange = await asked.ended;
    const verdict = judge(exchange, roles[name].sentence);
    if (verdict.kind === 'answered') return;
    faults.add('a wrong answer to a request', `at rest: ${JSON.stringify({ verdict, exchange })}`);
  }

  /** Follows a log for a while. */
  async follow({ name, milliseconds }: StepOf<'follow'>): Promise<void> {
    const log = new FollowedLog(`${this.#with.url}/api/instances/${name}/logs?follow=true&lines=20`);
    this.#followed.add(log);
    const timer = setTimeout(() => void log.close(), milliseconds);
    // Whether it may end, by itself or not, is not known here: instances and servers come and go.
    await log.ended.catch(() => undefined);
    clearTimeout(timer);
    this.#followed.delete(log);
    const seqs = log.entries.map(({ seq }) => seq);
    const wrong = seqs.findIndex((seq, index) => index > 0 && seq <= (seqs[index - 1] ?? 0));
    if (wrong !== -1)
      this.#with.faults.add('a log out of order', `${name}: ${seqs.slice(wrong - 1, wrong + 1).join(' ')}`);
  }

  async #ask({ name, isStream, isLong, leavesAfter }: StepOf<'ask'>): Promise<void> {
    const { url, api, roles, faults } = this.#with;
    const from = performance.now();
    const question = { id: this.#id(), instance: name, caller: 'anybody', isStream, isLong };
    const asked = new Call({ url, key: 'none', agent: false }, question, () => undefined, DEADLINE_MS);
    const timer = leavesAfter === null ? undefined : setTimeout(() => asked.hangUp(), leavesAfter);
    const exchange = await asked.ended;
    clearTimeout(timer);
    const verdict = judge(exchange, roles[name].sentence);
    api.count('ask', verdict.kind === 'refused' ? verdict.code : verdict.kind);
    if (exchange.end === 'hung') return faults.add('a request without an end', JSON.stringify(exchange));
    if (this.#isExplained(verdict, name, from)) return;
    faults.add('a wrong answer to a request', JSON.stringify({ verdict, exchange }));
  }

  #isExplained(verdict: ReturnType<typeof judge>, name: Name, from: number): boolean {
    const { troubles } = this.#with;
    switch (verdict.kind) {
      case 'answered':
      case 'left':
        return true;
      case 'cut':
        return troubles.explain('server', from) || troubles.explain('instance', from, name);
      case 'refused':
        return CODES.has(verdict.code) || (verdict.code === 'internal_error' && troubles.explain('disk', from));
      case 'fault':
        return false;
    }
  }

  #id(): string {
    return `chaos-${(this.#count += 1)}`;
  }
}
