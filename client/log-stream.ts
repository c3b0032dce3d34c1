import { excerpt, objectOf } from './answer-error.ts';
import { LlamactlError, ProtocolError } from './errors.ts';
import { readEvents } from './event-reader.ts';
import { LogPlace } from './log-place.ts';
import type { Instance, LogEntry, LogItem, LogLevel, Logs } from './models.ts';
import type { CallOptions, StreamOptions } from './options.ts';
import { path } from './path.ts';
import { Resumption } from './resumption.ts';
import type { Request, Transport } from './transport.ts';

/** Which lines of a log to yield. */
export interface FollowLogsOptions extends StreamOptions {
  /** How many existing lines to start with. Default 100. */
  lines?: number | undefined;
  /** Lines of this level and above. */
  level?: LogLevel | undefined;
  /** Start after this line, instead of with the last `lines`. */
  after_seq?: number | undefined;
}

/** Seconds of silence after which a connection is lost. The server sends something every 15 seconds. */
const SILENCE = 60;

/**
 * Yields the log of an instance: the requested past lines, then new ones. The stream resumes after lost connections and
 * restarts of the server, without missing or repeated lines. Lines that the server no longer keeps appear as a gap. The
 * stream ends when the instance is deleted.
 */
export async function* followLog(
  transport: Transport,
  name: string,
  options: FollowLogsOptions,
): AsyncGenerator<LogItem, void, void> {
  const { signal, level } = options;
  const logs = path`/api/instances/${name}/logs`;
  const resumption = new Resumption(transport, options);
  /** Creation time of the followed instance, because another instance may get its name. */
  const born = await birthOf(transport, name, { signal });
  const place = new LogPlace(options.after_seq);
  if (options.after_seq === undefined) {
    const past = await pastOf(transport, logs, options);
    if (past.last !== undefined) place.take(past.last);
    for (const entry of past.entries) {
      yield entry;
      signal?.throwIfAborted();
    }
  }
  for (let isFirst = true; ; isFirst = false) {
    try {
      // After the first connection, the resumption does the retries.
      const retries = isFirst ? undefined : 0;
      if (!isFirst && (await birthOf(transport, name, { signal, retries })) !== born) return;
      const answer = await transport.open({
        method: 'GET',
        path: logs,
        query: { follow: true, level, after_seq: place.seq },
        headers: { accept: 'text/event-stream' },
        isPatient: true,
        timeout: transport.timeout,
        retries,
        signal,
      });
      for await (const { data } of readEvents(answer, { silence: SILENCE, onOpen: options.onOpen })) {
        const item = itemOf(data, answer.url);
        resumption.succeeded();
        if (place.take(item)) yield item;
      }
      await resumption.ended();
    } catch (error) {
      if (!isFirst && error instanceof LlamactlError && error.code === 'INSTANCE_NOT_FOUND') return;
      await resumption.failed(error);
    }
  }
}

/** Returns the creation time of an instance. */
async function birthOf(transport: Transport, name: string, call: CallOptions): Promise<string> {
  const { body } = await transport.json<Instance>({ method: 'GET', path: path`/api/instances/${name}`, ...call });
  return body.created_at;
}

/** Returns the existing lines to yield, and the last existing line, after which all lines are new. */
async function pastOf(
  transport: Transport,
  logs: string,
  { lines, level, signal }: FollowLogsOptions,
): Promise<{ entries: readonly LogEntry[]; last: LogEntry | undefined }> {
  const ask = async (query: Request['query']): Promise<readonly LogEntry[]> =>
    (await transport.json<Logs>({ method: 'GET', path: logs, query, signal })).body.logs;
  // Ask for the newest line first: a line that arrives in between then comes twice rather than not at all, and its number
  // shows the repetition.
  const newest = lines === 0 || level !== undefined ? await ask({ lines: 1 }) : [];
  const entries = lines === 0 ? [] : await ask({ lines, level });
  const [one, other] = [newest.at(-1), entries.at(-1)];
  return { entries, last: one !== undefined && one.seq > (other?.seq ?? 0) ? one : other };
}

function itemOf(data: string, url: string): LogItem {
  const item: unknown = objectOf(data);
  if (item === null)
    throw new ProtocolError(`${url} sent an event that is not a line of a log: ${excerpt(data)}`, { url });
  return item as LogItem;
}
