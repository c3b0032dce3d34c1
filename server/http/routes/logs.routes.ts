import { OPERATIONS } from '@llamactl/contract/operations';
import type { LogQuery } from '../../instances/ports/run-output.ts';
import type { Clock } from '../../instances/ports/time.ts';
import { validationError } from '../bodies/problems.ts';
import { limitedSubject } from '../edge/rate-limit.ts';
import { LogSearches } from '../log-searches.ts';
import type { Bind, Input } from '../operations.ts';
import { EVENT_STREAM, JSON_LINES, logStream } from './log-stream.ts';

type LogsInput = Input<typeof OPERATIONS.getInstanceLogs>;

const DEFAULT_LINES = 100;

/** The section "Get Instance Logs" of the API reference. */
export function logRoutes(bind: Bind, clock: Pick<Clock, 'after'>): void {
  const searches = new LogSearches();
  bind(OPERATIONS.getInstanceLogs, (input) => {
    const { params, query, manager, headers } = input;
    refuseOdd(query);
    // Answer a HEAD with the headers of the complete log, because a stream would never end.
    if (query.follow !== true || input.isHead) {
      const read = (): ReturnType<typeof manager.logs> => manager.logs(params.name, queryOf(input, null));
      return query.q === undefined ? read() : searched(searches, limitedSubject(input.caller, input.address), read);
    }
    const isBrowser = headers.accept?.includes('text/event-stream') === true;
    const after = isBrowser ? lastEventId(headers['last-event-id']) : null;
    const items = manager.followLogs(params.name, queryOf(input, after), input.signal);
    return logStream(isBrowser ? EVENT_STREAM : JSON_LINES, items, clock);
  });
}

async function searched<Found>(searches: LogSearches, subject: string, read: () => Promise<Found>): Promise<Found> {
  const end = searches.begin(subject);
  try {
    return await read();
  } finally {
    end();
  }
}

/** Parameters that select what exists; a followed log is what comes. */
function refuseOdd({ follow, before_seq: before, after_seq: after, q }: LogsInput['query']): void {
  const isFollowed = follow === true;
  const problems = [
    ...(isFollowed && before !== undefined ? [{ path: 'before_seq', message: 'does not go with follow' }] : []),
    ...(isFollowed && q !== undefined ? [{ path: 'q', message: 'does not go with follow' }] : []),
    ...(before !== undefined && after !== undefined
      ? [{ path: 'before_seq', message: 'does not go with after_seq' }]
      : []),
  ];
  if (problems.length > 0) throw validationError(problems);
}

function queryOf({ query, signal }: LogsInput, lastSeen: number | null): LogQuery {
  const afterSeq = lastSeen ?? query.after_seq ?? null;
  // A caller that resumes wants all lines since its position.
  const goesOn = query.follow === true && afterSeq !== null;
  return {
    lines: goesOn ? null : (query.lines ?? DEFAULT_LINES),
    level: query.level ?? null,
    afterSeq,
    ...(query.before_seq === undefined ? {} : { beforeSeq: query.before_seq }),
    ...(query.q === undefined ? {} : { contains: query.q, signal }),
  };
}

/** Position of a browser that reconnects; `null`: it has none yet, or the header is not ours. */
function lastEventId(header: string | string[] | undefined): number | null {
  return typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : null;
}
