import type { LogItem } from '@llamactl/contract/logs';
import type { Clock } from '../../instances/ports/time.ts';
import { streamAnswer, type Answer } from '../answer.ts';

/** Output format of a followed log. */
export interface LogStreamForm {
  contentType: string;
  /** Text before all lines. */
  opening: string;
  write(item: LogItem): string;
  /** Sent while there are no lines, so that no proxy considers the connection dead; `null`: the format has none. */
  heartbeat: string | null;
}

/** Server-Sent Events. The id of each event is its position, which a browser sends back when it reconnects. */
export const EVENT_STREAM: LogStreamForm = {
  contentType: 'text/event-stream; charset=utf-8',
  opening: 'retry: 1000\n\n',
  write: (item) => `id: ${'gap' in item ? item.gap.to_seq : item.seq}\ndata: ${jsonOf(item)}\n\n`,
  heartbeat: ':\n\n',
};

/** One JSON value per line. */
export const JSON_LINES: LogStreamForm = {
  contentType: 'application/x-ndjson; charset=utf-8',
  opening: '',
  write: (item) => `${jsonOf(item)}\n`,
  heartbeat: null,
};

/** Hot path: `JSON.stringify` of the whole entry takes a quarter longer. The compiler finds a field that is left out. */
function jsonOf(item: LogItem): string {
  if ('gap' in item) return JSON.stringify(item);
  const { timestamp, level, message, seq, untimed, ...rest } = item;
  rest satisfies Record<string, never>;
  const end = untimed === true ? ',"untimed":true}' : '}';
  return `{"timestamp":"${timestamp}","level":"${level}","message":${JSON.stringify(message)},"seq":${seq}${end}`;
}

/** Proxies close a silent connection after 60 s, some after 30 s. */
const HEARTBEAT_MS = 15_000;

/** Answers with a log that continues. Reads the log only as fast as the caller takes the answer. */
export function logStream(
  form: LogStreamForm,
  items: AsyncIterable<readonly LogItem[]>,
  clock: Pick<Clock, 'after'>,
): Answer<never> {
  async function* texts(): AsyncGenerator<string> {
    if (form.opening !== '') yield form.opening;
    for await (const batch of withHeartbeats(items, form.heartbeat === null ? null : clock)) {
      yield batch === 'silence' ? (form.heartbeat ?? '') : batch.map((item) => form.write(item)).join('');
    }
  }
  const headers = { 'content-type': form.contentType, 'cache-control': 'no-store', 'x-accel-buffering': 'no' };
  return streamAnswer(texts(), headers, { isLive: true });
}

/**
 * Yields the same batches, and `silence` after each period without a batch. Without a clock, yields only the batches.
 */
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
