import type { Ended, InstanceState, Run } from '../life/lifecycle.ts';
import type { EngineAdapter, Engines } from '../ports/engine-adapter.ts';
import type { InstanceRecord } from '../ports/instance-record.ts';
import type { RunLogs } from '../ports/run-output.ts';
import type { Exit, RunReference } from '../ports/runs.ts';
import type { RunReferences } from '../run-references.ts';
import { withoutKey } from './run-key.ts';
import { currentRun } from '../life/transitions.ts';

export interface ExitCauseDependencies {
  engines: Engines;
  logs: Pick<RunLogs, 'tail'>;
  references: RunReferences;
}

/** Lines of output to search for the cause of an exit. The loader alone writes some 170 before it fails. */
const REASON_LINES = 400;
const KEPT_LINES = 20;

/** Finds the cause of an exit in the run's last output, unless the end was requested. */
export async function explainExit(
  { engines, logs, references }: ExitCauseDependencies,
  mailbox: { readonly record: InstanceRecord; readonly state: InstanceState },
  exit: Exit,
): Promise<Ended> {
  const { state, record } = mailbox;
  const run = currentRun(state);
  const written = run?.launch ? await tail(logs, references.of(record.id, run.launch)) : [];
  const lines = written.map((line) => withoutKey(line, run?.launch?.key ?? null));
  const kept = lines.slice(-KEPT_LINES);
  // Read the current state: a stop may have arrived while the output was read.
  if ('ending' in mailbox.state) return { exit, reason: reasonOfEnding(mailbox.state), lines: kept };
  const adapter = engines.find(run?.launch?.engine ?? record.settings.engine);
  return { exit, reason: causeOf(adapter, exit, lines, run), lines: kept };
}

/**
 * The last lines of output. If they cannot be read, returns the error as a line, so that the end is reported all the
 * same.
 */
async function tail(logs: Pick<RunLogs, 'tail'>, run: RunReference): Promise<string[]> {
  try {
    return await logs.tail(run, REASON_LINES);
  } catch (error) {
    return [`its output could not be read: ${String(error)}`];
  }
}

function causeOf(adapter: EngineAdapter | null, exit: Exit, lines: readonly string[], run: Run | null): string {
  if (adapter === null) return `it ended with code ${exit.code ?? 'unknown'}`;
  return adapter.reason(exit, lines, run !== null && run.readyAt !== null);
}

function reasonOfEnding(state: Extract<InstanceState, { ending: unknown }>): string {
  if (state.status === 'restarting') return state.reason;
  return state.goal.reason ?? 'stopped as asked';
}
