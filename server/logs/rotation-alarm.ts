import type { AlertSink } from '../instances/ports/alert-sink.ts';
import type { LogReference } from '../instances/ports/run-output.ts';
import { isDiskFull } from './file-error.ts';
import { NotFrozen } from './rotation.ts';

/** Code of the alert: an instance's log exceeds its size limit, or lost output to stay within it. */
const LOG_ROTATION_FAILED = 'log_rotation_failed';

export interface RotationAlarm {
  /** @param error `null`: output was dropped, because the disk had no room for it */
  raise(log: LogReference, error: unknown): void;
  clear(log: LogReference): void;
}

export function createRotationAlarm(alerts: AlertSink): RotationAlarm {
  return {
    raise: (log, error) =>
      alerts.raise({
        level: 'warning',
        code: LOG_ROTATION_FAILED,
        message: sentence(log, error),
        instance: log.instance,
      }),
    clear: ({ instance }) => alerts.clear(LOG_ROTATION_FAILED, instance),
  };
}

function sentence({ folder, instance }: LogReference, error: unknown): string {
  if (error === null) {
    return `Output of ${instance} was dropped from its log: the disk is full. Free some space where ${folder} is`;
  }
  if (isDiskFull(error)) {
    return `The log of ${instance} cannot be rotated: the disk is full. Free some space where ${folder} is`;
  }
  if (error instanceof NotFrozen) {
    return (
      `The log of ${instance} cannot be rotated: its engine cannot be stopped for the moment that cutting the file takes. ` +
      'Its processes may hang in the kernel; if this lasts, restart the instance'
    );
  }
  const reason = error instanceof Error ? error.message : 'it failed';
  return `The log of ${instance} cannot be rotated: ${reason}. Make sure that llamactl may write to ${folder}`;
}
