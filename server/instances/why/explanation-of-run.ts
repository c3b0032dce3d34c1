import { phrase } from '@llamactl/contract/phrases';
import type { Remedy } from '@llamactl/contract/why';
import { memoryText } from '../../../format/figures.ts';
import { deviceText, shortDevices } from './evidence.ts';
import { ago, mended, type Part, reasons, RESTART, secondsSince, shortened, THEN_RESTART } from './explanation-part.ts';
import { fitting, stopping } from './memory-remedies.ts';
import { offloadRemedies } from './remedies.ts';
import { step } from './step.ts';
import type { WhyFacts } from './why-facts.ts';

const OFFLOAD_SHORT = 'gpu_offload_short';
const WHOLE_LOG: Remedy = { ...step('follow_output', 'Follow its output'), link: 'log' };

/** Explains a running instance. */
export function running(facts: WhyFacts): Part {
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
  const { pinned, idle_timeout: idle } = instance;
  const neverStopsIdle = pinned && idle > 0;
  const stays = neverStopsIdle ? '; it is pinned, so idle_timeout has no effect' : '';
  const seconds = startedAt === null ? undefined : secondsSince(startedAt, now);
  return {
    sentence: `${name} ${since}${trouble}${stays}${change}.`,
    phrases: [
      isWell
        ? phrase('runs_well', { name, seconds })
        : phrase('runs_without_answer', { name, seconds, answer: response }),
      ...(neverStopsIdle ? [phrase('pinned_despite_idle_timeout')] : []),
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

/** Explains an instance that starts. */
export function starting({ instance, health, waitsFor, estimate, now }: WhyFacts): Part {
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

function listed(names: readonly string[]): string {
  const [first = '', ...others] = names;
  const last = others.pop();
  return last === undefined ? first : `${[first, ...others].join(', ')} and ${last}`;
}
