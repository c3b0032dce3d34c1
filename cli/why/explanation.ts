import type { Alert, Health, Instance, LogEntry } from '@llamactl/client';
import { bytes, duration } from '../../format/figures.ts';
import { memoryText, remediesFor, kindOf, type Memory } from './cause.ts';

/** The alert that repeats the sentence. */
const SAID = 'instance_failed';
const OFFLOAD_SHORT = 'gpu_offload_short';
/** Tokens; a smaller context saves little. */
const LEAST_CONTEXT = 4_096;

/** The facts about an instance. */
export interface WhyFacts {
  instance: Instance;
  /** A fresh health check; `null`: it has no process. */
  health: Health | null;
  /** Alerts of this instance and of the machine. */
  alerts: readonly Alert[];
  /** Memory of the server's machine; `null`: unknown. */
  memory: Memory | null;
  /** The last error in its log; `null`: none. */
  lastError: LogEntry | null;
  /** The obstacle to a start now, in a sentence; `null`: none known. */
  obstacle: string | null;
  /** Milliseconds since the epoch. */
  now: number;
}

/** The explanation of an instance's state. */
export interface Explanation {
  /** One sentence for a person. */
  sentence: string;
  /** The facts behind the sentence. */
  evidence: { what: string; text: string }[];
  /** Suggested fixes, one step each; empty: nothing to do. */
  remedies: string[];
}

/** Explains the state of an instance. Pure. */
export function explain(facts: WhyFacts): Explanation {
  const explanation = byStatus(facts);
  return { ...explanation, evidence: [...explanation.evidence, ...evidenceOf(facts)] };
}

function byStatus(facts: WhyFacts): Explanation {
  const { instance } = facts;
  const { name, status, reason, last_exit: last } = instance;
  switch (status) {
    case 'running':
      return running(facts);
    case 'starting':
      return starting(facts);
    case 'stopping':
      return {
        sentence: `${name} is stopping; requests in flight may finish first.`,
        evidence: [],
        remedies: [`to stop it at once: llamactl stop ${name} --force`],
      };
    case 'stopped':
      return {
        sentence: stopped(facts),
        evidence: [],
        remedies: [...againstObstacle(facts), `${facts.obstacle === null ? '' : 'then '}llamactl start ${name}`],
      };
    case 'restarting': {
      const cause = causeOf(reason);
      if (!isBackoff(reason)) {
        const how = cause.startsWith('going down') ? cause : `going down in order to start again: ${cause}`;
        return { sentence: `${name} is ${how}.`, evidence: [], remedies: [] };
      }
      return {
        sentence: `${name} ended and will be restarted: ${cause}.`,
        evidence: [],
        remedies: [
          ...remediesFor(cause, instance, facts.memory),
          `to retry now: llamactl start ${name}; to give up: llamactl stop ${name}`,
        ],
      };
    }
    case 'failed': {
      const cause = causeOf(reason ?? last?.reason ?? null);
      if (last !== null && instance.updated_at > last.at) {
        return {
          sentence: `${name} failed before its settings were changed: ${cause}.`,
          evidence: [],
          remedies: [...againstObstacle(facts), `to start it with the new settings: llamactl start ${name}`],
        };
      }
      const tries = /gave up after \d+ restarts? in a row/.exec(reason ?? '')?.[0];
      return {
        sentence: `${name} failed${tries === undefined ? '' : ` (${tries})`}: ${cause}.`,
        evidence: [],
        remedies: [
          ...remediesFor(cause, instance, facts.memory),
          `then llamactl start ${name}: ${instance.on_demand ? 'otherwise the next request after 30 s tries again' : 'it is not retried automatically'}`,
        ],
      };
    }
  }
}

function running({ instance, health, alerts, now }: WhyFacts): Explanation {
  const { name, started_at: startedAt, restart_required: isChanged } = instance;
  const since = startedAt === null ? 'runs' : `has run for ${ago(startedAt, now)}`;
  const { response = 'none' } = health?.checks ?? {};
  const isWell = health === null || health.status === 'healthy';
  const trouble = isWell ? ' and answers' : `, but does not answer its health check (${response})`;
  const change = isChanged ? '; its changed settings take effect at the next start' : '';
  return {
    sentence: `${name} ${since}${trouble}${change}.`,
    evidence: [],
    remedies: [
      ...(isWell ? [] : [`for its output: llamactl logs ${name} -n 50; if it hangs: llamactl restart ${name}`]),
      ...(isChanged ? [`to apply them: llamactl restart ${name}`] : []),
      ...alerts
        .filter(({ code }) => code === OFFLOAD_SHORT)
        .flatMap(({ message }) => offloadRemedies(instance, message)),
    ],
  };
}

function offloadRemedies({ name, options }: Instance, alert: string): string[] {
  const { ctx_size: context } = options;
  const isLarge = typeof context !== 'number' || context > LEAST_CONTEXT;
  return [
    ...(alert.includes('no usable GPU') || !isLarge
      ? []
      : [
          `a smaller context (llamactl update ${name} -o ctx_size=${LEAST_CONTEXT}) or a smaller model leaves more room on the GPU`,
        ]),
    'llamactl doctor shows the GPUs and the llama-server; a build without GPU support finds none',
    `to use only the CPU: llamactl update ${name} -o n_gpu_layers=0`,
  ];
}

function starting({ instance, health, now }: WhyFacts): Explanation {
  const { name, started_at: startedAt } = instance;
  const remedies = [`to follow its progress: llamactl logs -f ${name}`];
  if (startedAt === null) {
    return { sentence: `${name} is about to start; it has no process yet.`, evidence: [], remedies };
  }
  const what = health?.checks.response === 'loading' ? 'has been loading its model for' : 'has been starting for';
  return { sentence: `${name} ${what} ${ago(startedAt, now)}.`, evidence: [], remedies };
}

/** Fixes that are needed before a start can succeed. */
function againstObstacle({ instance, obstacle, memory }: WhyFacts): string[] {
  return obstacle === null ? [] : remediesFor(obstacle, instance, memory);
}

function stopped({ instance: { name, last_exit: last }, obstacle, now }: WhyFacts): string {
  if (obstacle !== null) {
    const was = last === null ? ', was never started,' : '';
    return `${name} is stopped${was} and cannot be started: ${withoutStop(obstacle.split('; ')[0] ?? obstacle)}.`;
  }
  if (last === null) return `${name} is stopped: it was never started.`;
  const when = `${ago(last.at, now)} ago`;
  return last.reason === 'stopped as asked'
    ? `${name} is stopped: a user or program stopped it ${when}.`
    : `${name} is stopped; its last run ended ${when}: ${withoutStop(last.reason)}.`;
}

function evidenceOf({ instance, health, alerts, memory, lastError, obstacle, now }: WhyFacts): Explanation['evidence'] {
  const { status, last_exit: last, stats, pid, restart_count: restarts, max_restarts: most } = instance;
  const isWell = status === 'running' && (health === null || health.status === 'healthy');
  const isTrouble = status === 'failed' || status === 'restarting' || (status === 'running' && !isWell);
  const line = isTrouble ? decisiveLine(instance, ofThisRun(instance, lastError)) : null;
  const checks = health?.checks;
  const port = instance.running_port ?? instance.port;
  const said = status === 'stopped' && obstacle === null ? withoutStop(last?.reason ?? '') : causeOf(instance.reason);
  const isAboutMemory = /memory|killed/.test(kindOf(causeOf(instance.reason ?? last?.reason ?? null)));
  return [
    ...(pid === null
      ? []
      : [{ what: 'process', text: `${pid}${stats === null ? '' : `, ${bytes(stats.memory_usage)} of memory`}` }]),
    { what: 'port', text: checks === undefined ? String(port) : `${port}, ${checks.port}; answer: ${checks.response}` },
    ...(last === null || (isWell && restarts === 0) ? [] : [{ what: 'last exit', text: exitText(last, said, now) }]),
    ...(line === null ? [] : [{ what: 'log', text: line }]),
    ...(restarts === 0
      ? []
      : [{ what: 'restarts', text: `${restarts} in a row, ${most < 0 ? 'without limit' : `at most ${most}`}` }]),
    ...(memory === null || !(isTrouble && isAboutMemory) ? [] : [{ what: 'memory', text: memoryText(memory) }]),
    ...alerts
      .filter(({ code, message }) => code !== SAID && message !== obstacle)
      .map(({ message }) => ({ what: 'alert', text: message })),
  ];
}

/** @param said The cause that the sentence already contains. */
function exitText({ code, signal, at, reason }: NonNullable<Instance['last_exit']>, said: string, now: number): string {
  // Status and signal are unknown for an engine that ended while no server watched, or that was never launched.
  const how = signal ?? (code === null ? '' : `status ${code}`);
  const why = withoutStop(reason);
  return `${how === '' ? '' : `${how}, `}${ago(at, now)} ago${why === said ? '' : `: ${why}`}`;
}

/** The error, if the current or last run wrote it; `null`: it is from an earlier run, whose errors the log has too. */
function ofThisRun({ pid, started_at: startedAt, last_exit: last }: Instance, error: LogEntry | null): LogEntry | null {
  if (error === null) return null;
  const isOfRunning = pid !== null && startedAt !== null && Date.parse(error.timestamp) >= Date.parse(startedAt);
  const isOfEnded = pid === null && last?.lines.some((line) => line.includes(error.message)) === true;
  return isOfRunning || isOfEnded ? error : null;
}

/** The output line behind a failure: the one that the reason was taken from, else the last error. */
function decisiveLine({ reason, last_exit: last }: Instance, lastError: LogEntry | null): string | null {
  const lines = last?.lines ?? [];
  const [words = ''] = causeOf(reason).split(' (/');
  return (
    lines.find((line) => words !== '' && line.includes(words)) ??
    lastError?.message ??
    lines.findLast((line) => / E /.test(line)) ??
    lines.at(-1) ??
    null
  );
}

/** The cause itself, as the end of a sentence. */
function causeOf(reason: string | null): string {
  return withoutStop(
    (reason ?? 'unknown reason').replace(/^(?:backoff after|gave up after \d+ restarts? in a row): /, ''),
  );
}

function withoutStop(text: string): string {
  return text.replace(/[.\s]+$/, '');
}

function isBackoff(reason: string | null): boolean {
  return reason?.startsWith('backoff after: ') ?? false;
}

function ago(time: string, now: number): string {
  return duration((now - Date.parse(time)) / 1_000);
}
