import type { Cause } from '@llamactl/contract/cause';
import type { DeviceEstimate, Estimate } from '@llamactl/contract/estimate';
import type { Instance } from '@llamactl/contract/instance';
import type { LogEntry } from '@llamactl/contract/logs';
import { phrase, type Phrase } from '@llamactl/contract/phrases';
import type { Evidence } from '@llamactl/contract/why';
import { memoryText, duration } from '../../../format/figures.ts';
import { bareReason } from './failure-cause.ts';
import { reasonPhrase } from './reason-phrase.ts';
import type { TriedChange } from './tried-changes.ts';
import { obstacleOfChange, type WhyFacts } from './why-facts.ts';

/** Alerts that repeat the sentence: that of a failed instance, and the one for all instances that cannot start. */
const REPEATED: ReadonlySet<string> = new Set(['instance_failed', 'starts_blocked']);
/** Causes for which the memory counts that an instance needs. */
export const MEMORY_CAUSES: ReadonlySet<Cause | null> = new Set([
  'gpu_memory',
  'memory',
  'killed',
  'does_not_fit',
  'waits_for',
]);

/** The facts behind the sentence. @param line The line of output that shows the cause; `null`: none. */
export function evidenceOf(facts: WhyFacts, cause: Cause | null, line: string | null): Evidence[] {
  const { instance, health, alerts, memory, waitsFor, estimate, now } = facts;
  const { status, last_exit: last, stats, pid, restart_count: restarts, max_restarts: most } = instance;
  const { on_demand: isOnDemand } = instance;
  const checks = health?.checks;
  const obstacle = health?.start_obstacle?.message;
  const port = instance.running_port ?? instance.port;
  const isSound = status === 'running' && isWell(facts);
  const said = saidIn(facts);
  const isShort = MEMORY_CAUSES.has(cause);
  return [
    ...(pid === null
      ? []
      : [
          {
            what: 'process',
            text: `${pid}${stats === null ? '' : `, ${memoryText(stats.memory_usage)} of memory`}`,
            phrase: phrase('process', { pid, memory_bytes: stats?.memory_usage }),
          },
        ]),
    pid === null || checks === undefined
      ? { what: 'port', text: String(port), phrase: phrase('port', { port }) }
      : {
          what: 'port',
          text: `${port}, ${checks.port}; answer: ${checks.response}`,
          phrase: phrase('port', { port, state: checks.port, answer: checks.response }),
        },
    ...(last === null || (isSound && restarts === 0) ? [] : [exitEvidence(last, said, now)]),
    ...(line === null ? [] : [{ what: 'log', text: line }]),
    ...(restarts === 0
      ? []
      : [
          {
            what: 'restarts',
            text: `${restarts} in a row, ${most < 0 ? 'without limit' : `at most ${most}`}`,
            phrase: phrase('restarts', { count: restarts, most: most < 0 ? undefined : most }),
          },
        ]),
    ...facts.tried.map((change) => ({
      what: 'tried',
      text: `${changeText(change)}; it failed again`,
      phrase: changePhrase(change),
    })),
    ...(status === 'failed' ? [retryEvidence(isOnDemand)] : []),
    ...(waitsFor.length === 0
      ? []
      : [
          {
            what: 'waits for',
            text: waitsFor.join(', '),
            phrase: phrase('waits_for_names', { names: waitsFor.join(', ') }),
          },
        ]),
    ...(instance.newer_model_path === undefined
      ? []
      : [
          {
            what: 'model',
            text: `the library has a newer version of ${instance.model ?? ''}: ${instance.newer_model_path}`,
            phrase: phrase('newer_version', { model: instance.model, file: instance.newer_model_path }),
          },
        ]),
    // The sentence of `does_not_fit` has the memory that the start needs. An estimate adds its margin, so it differs.
    ...(isShort && cause !== 'does_not_fit' ? shortages(estimate) : []),
    ...(memory === null || !isShort
      ? []
      : [
          {
            what: 'memory',
            text: `${memoryText(memory.used)} of ${memoryText(memory.total)} of memory are in use`,
            phrase: phrase('memory_in_use', { used_bytes: memory.used, total_bytes: memory.total }),
          },
        ]),
    ...alerts
      .filter(({ code, message }) => !REPEATED.has(code) && message !== obstacle)
      .map(({ message }) => ({ what: 'alert', text: message })),
  ];
}

/** Seconds between the retries of a failed instance for requests. */
const RETRY_SECONDS = 30;

function retryEvidence(isOnDemand: boolean): Evidence {
  return isOnDemand
    ? {
        what: 'retry',
        text: `at most every ${RETRY_SECONDS} s, when a request comes`,
        phrase: phrase('retried_for_requests', { seconds: RETRY_SECONDS }),
      }
    : { what: 'retry', text: 'by hand only', phrase: phrase('retried_by_hand') };
}

/** A changed setting. Only numbers and switches are shown: other values may be secret. */
function changeText({ setting, value }: TriedChange): string {
  const name = setting.replace(/^options\./, '');
  if (value === undefined) return `${name} removed`;
  return typeof value === 'number' || typeof value === 'boolean' ? `${name} ${value}` : `another ${name}`;
}

function changePhrase({ setting, value }: TriedChange): Phrase {
  const name = setting.replace(/^options\./, '');
  if (value === undefined) return phrase('tried_removed', { setting: name });
  return typeof value === 'number' || typeof value === 'boolean'
    ? phrase('tried_value', { setting: name, value: String(value) })
    : phrase('tried_other', { setting: name });
}

/**
 * The line of output behind a failure: the one that the reason was taken from, else the last error of the current or last
 * run. `seq` is `null` if the log no longer has the line.
 */
export function logLine(facts: WhyFacts): { text: string; seq: number | null } | null {
  const { instance, log } = facts;
  const { status, reason, last_exit: last } = instance;
  const isTrouble = status === 'failed' || status === 'restarting' || (status === 'running' && !isWell(facts));
  if (!isTrouble || obstacleOfChange(facts) !== null) return null;
  const lines = (last?.lines ?? []).filter(hasWords);
  const shows = isShownBy(bareReason(reason ?? 'the reason is unknown'));
  const text =
    lines.find(shows) ?? lastError(instance, log) ?? lines.findLast((line) => / E /.test(line)) ?? lines.at(-1) ?? null;
  if (text === null) return null;
  const entry = log.findLast(({ message }) => message !== '' && (text.includes(message) || message.includes(text)));
  return { text, seq: entry?.seq ?? null };
}

/** Whether a line says something. One of llama-server may have only its time and level. */
function hasWords(line: string): boolean {
  return line.replace(/^\s*[\d.]+ [A-Z](?=\s|$)/, '').trim() !== '';
}

/** The reason of the last exit that the sentence has. */
function saidIn(facts: WhyFacts): string {
  const { status, reason, last_exit: last } = facts.instance;
  if (obstacleOfChange(facts) !== null) return '';
  const isLast = status === 'stopped' && facts.health?.start_obstacle === undefined;
  return bareReason((isLast ? last?.reason : reason) ?? '');
}

/** Whether a line of output shows a reason: it has its words, or names the argument that the reason is about. */
function isShownBy(reason: string): (line: string) => boolean {
  // The words of the engine follow those about its end: `the engine aborted (SIGABRT): CUDA error: out of memory`.
  const [words = ''] = reason.replace(/^the engine [^:]*: /, '').split(' (/');
  const [, argument] = /^argument (\S+): /.exec(reason) ?? [];
  return (line) =>
    (words !== '' && line.includes(words)) || (argument !== undefined && line.includes(`argument "${argument}"`));
}

/** The last error that the current or last run wrote; errors of earlier runs are in the log too. */
function lastError({ pid, started_at: startedAt, last_exit: last }: Instance, log: readonly LogEntry[]): string | null {
  const error = log.findLast(({ level, message }) => level === 'error' && hasWords(message) && !isUsageAdvice(message));
  if (error === undefined) return null;
  const isOfRunning = pid !== null && startedAt !== null && Date.parse(error.timestamp) >= Date.parse(startedAt);
  const isOfEnded = pid === null && last?.lines.some((line) => line.includes(error.message)) === true;
  return isOfRunning || isOfEnded ? error.message : null;
}

/** Whether this is llama-server's last line after a wrong argument. */
function isUsageAdvice(line: string): boolean {
  return line.startsWith('to show complete usage, run with');
}

function isWell({ health }: WhyFacts): boolean {
  return health === null || health.status === 'healthy';
}

/** The devices that have too little memory, in words. */
function shortages(estimate: Estimate | null): Evidence[] {
  return shortDevices(estimate).map(({ device, need, free }) => ({
    what: 'memory',
    text: `${deviceText(device)} has ${memoryText(need - free)} too little: ${memoryText(need)} are needed, ${memoryText(free)} are free`,
    phrase: phrase('device_short', { device, short_bytes: need - free, need_bytes: need, free_bytes: free }),
  }));
}

/** The devices that have too little memory; none if it fits or is unknown. */
export function shortDevices(estimate: Estimate | null): DeviceEstimate[] {
  return estimate === null || estimate.fits ? [] : estimate.per_device.filter(({ need, free }) => need > free);
}

export function deviceText(device: string): string {
  return device === 'ram' ? 'the memory of the machine' : `GPU ${device}`;
}

/** @param said The cause that the sentence already contains. */
function exitEvidence(
  { code, signal, at, reason, cause }: NonNullable<Instance['last_exit']>,
  said: string,
  now: number,
): Evidence {
  // Status and signal are unknown for an engine that ended while no server watched, or that was never launched.
  const how = signal ?? (code === null ? '' : `status ${code}`);
  const why = bareReason(reason);
  const seconds = (now - Date.parse(at)) / 1_000;
  const because = why === said ? null : reasonPhrase(reason, cause);
  return {
    what: 'last exit',
    text: `${how === '' ? '' : `${how}, `}${duration(seconds)} ago${why === said ? '' : `: ${why}`}`,
    phrase: phrase('last_exit', { seconds, signal: signal ?? undefined, status: code ?? undefined }),
    ...(because === null ? {} : { reason: because }),
  };
}
