import { ApiError } from '@llamactl/contract/errors';
import type { InstanceState } from './lifecycle.ts';
import type { Mailbox } from './mailbox.ts';
import { currentRun } from './transitions.ts';
import { reasonOf } from './view.ts';

/** The errors of the use cases that more than one of them raises. */

export function notFound(name: string): ApiError {
  const shown = name.length > 70 ? `${name.slice(0, 70)}…` : name;
  return new ApiError(
    'INSTANCE_NOT_FOUND',
    `There is no instance ${JSON.stringify(shown)}; GET /api/instances lists them.`,
  );
}

/** For what can only be done to an instance that does not run. */
export function stillRunning({ record, state }: Mailbox): ApiError {
  const pid = currentRun(state)?.identity?.pid;
  const process = pid === undefined ? '' : ` (process ${pid})`;
  return new ApiError('INSTANCE_RUNNING', `${record.name} is ${state.status}${process}; stop it first.`);
}

/** For what can only be done to one that runs. */
export function notRunning(name: string, state: InstanceState): ApiError {
  const reason = reasonOf(state);
  const because = reason === null ? '' : `: ${reason}`;
  const message = `${name} is ${state.status}${because}; start it first.`;
  return new ApiError('INSTANCE_NOT_RUNNING', message, reason === null ? {} : { reason });
}
