import type { StartObstacle } from '@llamactl/contract/health';
import { ApiError, retryIn } from '@llamactl/contract/errors';
import type { Refusal } from './slots/demand.ts';
import type { SlotObstacle } from './slots/slot-obstacle.ts';
import type { Mailbox } from './life/mailbox.ts';
import { currentRun } from './life/transitions.ts';
import { causeOf } from './why/failure-cause.ts';

/** Errors that more than one use case raises. */

/** @param instance The instance that has the name as an alias, where only names count. */
export function notFound(
  name: string,
  { instance, cause }: { instance?: string | undefined; cause?: Error } = {},
): ApiError {
  const shown = name.length > 70 ? `${name.slice(0, 70)}…` : name;
  return new ApiError(
    'INSTANCE_NOT_FOUND',
    instance === undefined
      ? `There is no instance ${JSON.stringify(shown)}; GET /api/instances lists them.`
      : `There is no instance ${JSON.stringify(shown)}; it is an alias of ${instance}.`,
    { cause },
  );
}

/** The refusal of an operation that requires an instance without a run. */
export function stillRunning({ record, state }: Mailbox): ApiError {
  const pid = currentRun(state)?.identity?.pid;
  const process = pid === undefined ? '' : ` (process ${pid})`;
  return new ApiError('INSTANCE_RUNNING', `${record.name} is ${state.status}${process}; stop it first.`);
}

/** The refusal of an update with an outdated `If-Match`. */
export function changedSince(name: string): ApiError {
  return new ApiError(
    'PRECONDITION_FAILED',
    `${name} has changed since you read it; read it again and repeat the update.`,
  );
}

/** Seconds. */
const QUEUE_RETRY_AFTER = 5;

/** The refusal of a request that gets no lease: the reason, and when to retry. @param sawStart The request waited for a start. */
export function notServed({ record, state }: Mailbox, { reason, retryAfter }: Refusal, sawStart: boolean): ApiError {
  const { name } = record;
  const extras = { ...(reason === null ? {} : { reason }), ...(retryAfter === null ? {} : retryIn(retryAfter)) };
  if (sawStart && state.status === 'failed') {
    // Not 502, which would mean that an engine answered badly: no engine runs.
    return new ApiError(
      'START_FAILED',
      `${name} did not start: ${withoutStop(state.reason)}${helpFor(record, state.reason)}.`,
      {
        status: 503,
        ...extras,
      },
    );
  }
  const because = reason === null ? '' : `: ${withoutStop(reason)}`;
  const later = state.status === 'starting' ? 'wait until it is running' : 'start it first';
  const remedy = retryAfter === null ? later : `try again in ${retryAfter} s`;
  return new ApiError('INSTANCE_NOT_RUNNING', `${name} is ${state.status}${because}; ${remedy}.`, extras);
}

/** The refusal of a request beyond `queue_limit`. */
export function queueFull({ record, state }: Mailbox, waiting: number): ApiError {
  const full =
    waiting === 0
      ? `${record.name} is busy, and no request may wait for it (\`queue_limit\` is 0)`
      : `${waiting} requests already wait for ${record.name}, which is the limit (\`queue_limit\`)`;
  const message = `${full}; try again later.`;
  const waitsForSlot = state.status !== 'running' && !(state.status === 'starting' && state.phase !== 'queued');
  if (!waitsForSlot) return new ApiError('RATE_LIMITED', message, retryIn(QUEUE_RETRY_AFTER));
  return new ApiError('CAPACITY_EXCEEDED', message, { status: 503, ...retryIn(QUEUE_RETRY_AFTER) });
}

/** The reason when every instance that would have to stop is pinned. */
export const ALL_PINNED =
  'no slot is free and none can be freed: every instance that would have to stop is pinned; unpin one, or raise the limit (`instances.max_running`, `groups`)';

/** The reason for which a start would be refused, before a caller asks for one. */
const PINNED_SLOTS: StartObstacle = {
  code: 'CAPACITY_EXCEEDED',
  message:
    'pinned instances hold every slot that it could have; unpin one, or raise the limit (`instances.max_running`, `groups`)',
};

/** The refusal of a start that no eviction can make room for. @param status 503 for a request under `/v1`, 409 for a command. */
function slotsPinned(name: string, status: 409 | 503): ApiError {
  return new ApiError('CAPACITY_EXCEEDED', `${name} cannot start: ${ALL_PINNED}.`, { status });
}

/** The refusal of a start that no eviction can make room for. @param memory Why it cannot have its memory; `null`: memory is not the reason */
export function noRoom(name: string, memory: string | null, status: 409 | 503): ApiError {
  if (memory === null) return slotsPinned(name, status);
  return new ApiError('DOES_NOT_FIT', `${name} cannot start: ${memory}.`, { status });
}

/** The reason for which a start would be refused, before a caller asks for one. @param memory As for {@link noRoom} */
export function noRoomYet(memory: string | null): StartObstacle {
  return memory === null ? PINNED_SLOTS : { code: 'DOES_NOT_FIT', message: `the memory is too small: ${memory}` };
}

/**
 * The refusal of a start of a batch that would need an eviction. It names no other instance, because not every reader may
 * see that one.
 */
export function noFreeSlot(name: string, obstacle: SlotObstacle): ApiError {
  const message = `${name} was not started: ${obstacleText(obstacle)}. A start of several instances stops no other: start it alone, or stop another first.`;
  return new ApiError('CAPACITY_EXCEEDED', message);
}

const PHASES = { running: 'runs', starting: 'starts', leaving: 'is still stopping' } as const;

function obstacleText(obstacle: SlotObstacle): string {
  if (obstacle.kind === 'limits') return obstacle.limits.join(', and ');
  const { group, isOwn, phase } = obstacle;
  return isOwn
    ? `its group ${group} is exclusive, and an instance of another group or of none ${PHASES[phase]}`
    : `an instance of the exclusive group ${group} ${PHASES[phase]}`;
}

export function shuttingDown(): ApiError {
  return new ApiError('SHUTTING_DOWN', 'llamactl is stopping.');
}

/**
 * Removes the folder of a program from a message about it. The folder comes from the environment of the server or the
 * instance, which not every reader may see.
 */
export function withoutFolder(message: string, command: string): string {
  if (command.includes('/')) return message;
  const end = message.startsWith('/') ? message.indexOf(`/${command} `) : -1;
  return end === -1 ? message : message.replaceAll(message.slice(0, end + 1 + command.length), command);
}

/** The way to the remedies for a missing model file, which a retry does not bring back. */
function helpFor({ settings, name }: Mailbox['record'], reason: string): string {
  return causeOf(reason, settings) === 'model_missing' ? `; for help: llamactl why ${name}` : '';
}

function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, '');
}
