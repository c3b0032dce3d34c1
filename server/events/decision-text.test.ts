import { DECISIONS } from '@llamactl/contract/decisions';
import { expect, it } from 'vitest';
import type { Decision } from '../instances/ports/trace.ts';
import { decisionText } from './decision-text.ts';

const instance = { name: 'a' };
const slot = {
  outcome: 'waits',
  limit: 'max_running',
  most: 2,
  taken: 2,
  may_evict: true,
  waited_ms: 0,
} as const;
const request = {
  outcome: 'waits',
  status: 'starting',
  waiting: 2,
  waited_ms: 1_250,
  leases: 0,
  concurrency: null,
  reason: null,
} as const;
const restart = {
  outcome: 'restart',
  because: 'died',
  cause: 'out of memory',
  restarts: 1,
  max_restarts: 5,
  delay_ms: 2_345,
} as const;
const admission = {
  outcome: 'admitted',
  caller: 'account ann',
  limit: 'requests_per_minute',
  most: 10,
  counted: 3,
  retry_after_ms: null,
} as const;
const memory = { device: 'nvidia:0', held: 3e9 } as const;
const spared = { leases: 2, idle_ms: null } as const;

/** The text of each decision about the instance `a`, for `b`. */
const TEXTS: readonly [string, Decision][] = [
  ['waits for a slot: max_running allows 2, and 2 are taken', { kind: 'slot', instance, inputs: slot }],
  [
    'waits for a slot: its group allows 1, and 2 are taken; none is stopped for this start',
    { kind: 'slot', instance, inputs: { ...slot, limit: 'group', most: 1, may_evict: false } },
  ],
  [
    'gets no slot: it cannot run beside 2 instances, because a group is exclusive, and pinned ones are not stopped',
    { kind: 'slot', instance, inputs: { ...slot, outcome: 'hopeless', limit: 'exclusive', most: 0 } },
  ],
  [
    'gets a slot: no limit is in its way',
    { kind: 'slot', instance, inputs: { ...slot, outcome: 'granted', limit: null } },
  ],
  ['is stopped for b: no request has used it for 34.5 s', { kind: 'eviction', instance, inputs: { idle_ms: 34_500 } }],
  ['is not stopped for b: it is pinned', { kind: 'spared', instance, inputs: { ...spared, because: 'pinned' } }],
  ['is not stopped for b: it is starting', { kind: 'spared', instance, inputs: { ...spared, because: 'starting' } }],
  [
    'is not stopped for b: it is already stopping',
    { kind: 'spared', instance, inputs: { ...spared, because: 'stopping' } },
  ],
  ['is not stopped for b: 2 requests use it', { kind: 'spared', instance, inputs: { ...spared, because: 'in_use' } }],
  [
    'is not stopped for b: a request used it 40 ms ago, while the other waited',
    { kind: 'spared', instance, inputs: { leases: 0, idle_ms: 40, because: 'just_used' } },
  ],
  [
    'is not stopped for b: enough others were unused for longer than 3 s',
    { kind: 'spared', instance, inputs: { leases: 0, idle_ms: 3_000, because: 'used_later' } },
  ],
  [
    'gives no new leases: b has waited 10 s for its slot, and 1 request still uses it',
    { kind: 'closing', instance, inputs: { leases: 1, waited_ms: 10_000 } },
  ],
  [
    'is stopped: no request has used it for its idle timeout of 60 s',
    { kind: 'idle_stop', instance, inputs: { idle_timeout: 60 } },
  ],
  ['makes a request wait: it is starting (2 waiting)', { kind: 'request', instance, inputs: request }],
  [
    'makes a request wait: all 2 of its concurrency are in use (2 waiting)',
    { kind: 'request', instance, inputs: { ...request, status: 'running', leases: 2, concurrency: 2 } },
  ],
  [
    'makes a request wait: another instance wants its slot, or a retried request goes first (2 waiting)',
    { kind: 'request', instance, inputs: { ...request, status: 'running', leases: 1 } },
  ],
  [
    'is started by a request, because it is stopped',
    { kind: 'request', instance, inputs: { ...request, outcome: 'starts', status: 'stopped' } },
  ],
  ['serves a request that waited 1.3 s', { kind: 'request', instance, inputs: { ...request, outcome: 'leased' } }],
  [
    'refuses a request: its queue is full',
    { kind: 'request', instance, inputs: { ...request, outcome: 'refused', reason: 'its queue is full' } },
  ],
  [
    'refuses a request: it is stopped',
    { kind: 'request', instance, inputs: { ...request, outcome: 'refused', status: 'stopped' } },
  ],
  [
    'is no longer wanted by a request: its caller left after 1.3 s',
    { kind: 'request', instance, inputs: { ...request, outcome: 'left' } },
  ],
  [
    'restarts in 2.3 s (restart 2 in a row, at most 5), after: out of memory',
    { kind: 'restart', instance, inputs: restart },
  ],
  [
    'restarts in 2.3 s (restart 2 in a row, without a limit), after: out of memory',
    { kind: 'restart', instance, inputs: { ...restart, max_restarts: -1 } },
  ],
  [
    'is not restarted, because max_restarts (5) is reached, after: out of memory',
    { kind: 'restart', instance, inputs: { ...restart, outcome: 'failed', because: 'max_restarts' } },
  ],
  [
    'is not restarted, because auto_restart is off, after: out of memory',
    { kind: 'restart', instance, inputs: { ...restart, outcome: 'failed', because: 'auto_restart_off' } },
  ],
  [
    'is not restarted, because it never became ready after a command or a request, after: out of memory',
    { kind: 'restart', instance, inputs: { ...restart, outcome: 'failed', because: 'first_start' } },
  ],
  [
    'a request of account ann is admitted: requests_per_minute allows 10, counted 3',
    { kind: 'admission', instance: null, inputs: admission },
  ],
  [
    'a request of account ann is refused: rate_limit.intensive allows 10, counted 11; try again in 12 s',
    {
      kind: 'admission',
      instance: null,
      inputs: { ...admission, outcome: 'refused', limit: 'intensive', counted: 11, retry_after_ms: 12_000 },
    },
  ],
  [
    'gets a request once more: its engine died before it answered, and the instance restarts',
    { kind: 'retry', instance, inputs: { outcome: 'again', because: 'engine_died' } },
  ],
  [
    'does not get a request again: its body is no longer in memory',
    { kind: 'retry', instance, inputs: { outcome: 'given_up', because: 'body_gone' } },
  ],
  [
    'waits for a slot: the memory nvidia:0 allows 22.4 GiB, and 19.1 GiB is taken',
    { kind: 'slot', instance, inputs: { ...slot, limit: 'memory nvidia:0', most: 24e9, taken: 20.5e9 } },
  ],
  [
    'has freed its 2.8 GiB of nvidia:0, 750 ms after its end',
    { kind: 'memory', instance, inputs: { ...memory, outcome: 'freed', left: 0, waited_ms: 750 } },
  ],
  [
    'ended 5 s ago, but 2.3 GiB of its 2.8 GiB of nvidia:0 is still in use; it now counts as used by other programs',
    { kind: 'memory', instance, inputs: { ...memory, outcome: 'still_held', left: 2.5e9, waited_ms: 5_000 } },
  ],
  ['gets a request: "org/chat" is its alias', { kind: 'route', instance, inputs: { named: 'org/chat', by: 'alias' } }],
  ['no instance has the name or alias "x"', { kind: 'route', instance: null, inputs: { named: 'x', by: 'unknown' } }],
];

it.each(TEXTS)('%s', (text, decision) => {
  expect(decisionText(decision, 'b')).toBe(text);
});

it('covers every kind of decision', () => {
  expect([...new Set(TEXTS.map(([, { kind }]) => kind))].toSorted()).toEqual(Object.keys(DECISIONS).toSorted());
});

it('shortens texts of requests and engines', () => {
  const named = 'x'.repeat(100_000);
  const text = decisionText({ kind: 'route', instance: null, inputs: { named, by: 'unknown' } }, 'b');
  expect(text.length).toBeLessThan(300);
});
