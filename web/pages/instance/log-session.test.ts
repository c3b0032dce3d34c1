import type { LogEntry, Logs } from '@llamactl/client';
import { describe, expect, it } from 'vitest';
import type { Connection } from '../../lib/live/feed.ts';
import { ValueStore } from '../../lib/value-store.ts';
import { LogSession } from './log-session.ts';

const line = (seq: number): LogEntry => ({ timestamp: '', level: 'info', message: `line ${seq}`, seq });

/** A session whose server answers a search with these pages. */
function searching(pages: readonly Logs[]): { session: LogSession; asked: unknown[] } {
  const asked: unknown[] = [];
  const session = new LogSession({
    client: {
      getInstanceLogs: async (_name, query) => {
        asked.push([query?.q, query?.before_seq]);
        return pages[asked.length - 1] ?? { logs: [] };
      },
    },
    feed: {
      connection: new ValueStore<Connection>({ kind: 'live' }),
      listen: () => () => undefined,
      want: () => () => undefined,
    },
    name: 'a',
    level: 'debug',
  });
  return { session, asked };
}

describe('a search in the whole log', () => {
  it('goes on where a request stopped at its limit, until the begin of the log', async () => {
    const { session, asked } = searching([
      { logs: [line(90)], truncated: true, next_seq: 70 },
      { logs: [line(5), line(9)] },
    ]);
    const found = await session.search('line');
    expect(found.lines.map(({ seq }) => seq)).toEqual([90, 9, 5]);
    expect(found.isCut).toBe(false);
    expect(asked).toEqual([
      ['line', undefined],
      ['line', 70],
    ]);
  });

  it('ends after a bounded number of requests, and says that there may be more', async () => {
    const { session, asked } = searching(
      Array.from({ length: 100 }, () => ({ logs: [], truncated: true, next_seq: 7 })),
    );
    expect(await session.search('x')).toEqual({ lines: [], isCut: true });
    expect(asked).toHaveLength(40);
  });
});
