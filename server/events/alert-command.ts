import type { Announcement } from './announcement.ts';

/** Runs a short program to its end; any exit code is a result. Rejects with a sentence when it cannot run or takes too long. */
export type RunTool = (
  command: string,
  args: readonly string[],
  options: { timeoutMs: number; environment?: Record<string, string> },
) => Promise<{ code: number; stderr: string }>;

/** A program that hangs must not keep the next alert waiting for long. */
const TIMEOUT_MS = 30_000;
const LONGEST_REASON = 200;

/**
 * Creates a function that runs a command for an announcement. Environment variables carry the alert, not arguments:
 * many programs would take an argument for a file, an address or a recipient.
 */
export function createAlertCommand(
  [program = '', ...args]: readonly string[],
  runTool: RunTool,
): (announcement: Announcement) => Promise<void> {
  /** Rejects with a sentence when the command fails. */
  return async (announcement) => {
    const { code, stderr } = await runTool(program, args, {
      timeoutMs: TIMEOUT_MS,
      environment: environmentOf(announcement),
    });
    if (code === 0) return;
    const lastLine = stderr.trim().split('\n').at(-1)?.slice(0, LONGEST_REASON) ?? '';
    throw new Error(`alerts.command exited with status ${code}${lastLine === '' ? '' : `: ${lastLine}`}`);
  };
}

function environmentOf(announcement: Announcement): Record<string, string> {
  const { state, level, code, instance, title, message, raised_at: raisedAt } = announcement;
  return {
    LLAMACTL_ALERT_STATE: state,
    LLAMACTL_ALERT_LEVEL: level,
    LLAMACTL_ALERT_CODE: code,
    LLAMACTL_ALERT_INSTANCE: instance ?? '',
    LLAMACTL_ALERT_TITLE: title,
    LLAMACTL_ALERT_MESSAGE: message,
    LLAMACTL_ALERT_RAISED_AT: raisedAt,
    LLAMACTL_ALERT_JSON: JSON.stringify(announcement),
  };
}
