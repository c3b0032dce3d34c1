import { Readable } from 'node:stream';
import type { LogItem } from '@llamactl/contract/logs';
import type { Clock } from '../../instances/ports.ts';
import type { HttpReply } from '../plugin.ts';

/** How a followed log is written. */
export interface LogStreamForm {
  contentType: string;
  /** Before everything else. */
  opening: string;
  write(item: LogItem): string;
  /** Sent while nothing comes, so that nobody on the way takes the connection for dead; `null`: the form has none. */
  heartbeat: string | null;
}

/** Server-Sent Events: the id of each is its place, which a browser sends back when it reconnects. */
export const EVENT_STREAM: LogStreamForm = {
  contentType: 'text/event-stream; charset=utf-8',
  opening: 'retry: 1000\n\n',
  write: (item) => `id: ${'gap' in item ? item.gap.to_seq : item.seq}\ndata: ${JSON.stringify(item)}\n\n`,
  heartbeat: ':\n\n',
};

/** One JSON text a line. */
export const JSON_LINES: LogStreamForm = {
  contentType: 'application/x-ndjson; charset=utf-8',
  opening: '',
  write: (item) => `${JSON.stringify(item)}\n`,
  heartbeat: null,
};

/** Proxies give up a silent connection after 60 s, and some after 30. */
const HEARTBEAT_MS = 15_000;

/**
 * Answers with a log that goes on. It is written as fast as the caller reads: what it has not read yet is not read from
 * the log either.
 */
export function sendLogStream(
  reply: HttpReply,
  form: LogStreamForm,
  items: AsyncIterable<readonly LogItem[]>,
  clock: Pick<Clock, 'after'>,
): HttpReply {
  async function* texts(): AsyncGenerator<string> {
    // Else a caller would hear nothing, not even the status, before the first line comes.
    reply.raw.flushHeaders();
    if (form.opening !== '') yield form.opening;
    for await (const bunch of withHeartbeats(items, form.heartbeat === null ? null : clock)) {
      yield bunch === 'silence' ? (form.heartbeat ?? '') : bunch.map((item) => form.write(item)).join('');
    }
  }
  return reply
    .headers({ 'content-type': form.contentType, 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
    .send(Readable.from(texts(), { objectMode: false, highWaterMark: 0 }));
}

/** The same bunches, and `silence` whenever none has come for a while; with `null` for a clock never. */
async function* withHeartbeats(
  items: AsyncIterable<readonly LogItem[]>,
  clock: Pick<Clock, 'after'> | null,
): AsyncGenerator<readonly LogItem[] | 'silence'> {
  const iterator = items[Symbol.asyncIterator]();
  try {
    for (let next = iterator.next(); ;) {
      const result = await within(next, clock);
      if (result === 'silence') {
        yield result;
        continue;
      }
      if (result.done === true) return;
      yield result.value;
      next = iterator.next();
    }
  } finally {
    await iterator.return?.();
  }
}

async function within<Value>(promise: Promise<Value>, clock: Pick<Clock, 'after'> | null): Promise<Value | 'silence'> {
  if (clock === null) return promise;
  let cancel = (): void => {};
  const silence = new Promise<'silence'>((resolve) => {
    cancel = clock.after(HEARTBEAT_MS, () => resolve('silence'));
  });
  try {
    return await Promise.race([promise, silence]);
  } finally {
    cancel();
  }
}
