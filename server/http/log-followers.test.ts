import { ApiError } from '@llamactl/contract/errors';
import type { LogEntry, LogItem } from '@llamactl/contract/logs';
import { beforeEach, describe, expect, it } from 'vitest';
import type { LogQuery } from '../instances/ports/run-output.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { LogFollowers, type LogNews } from './log-followers.ts';

const line = (seq: number): LogEntry => ({
  timestamp: '2026-03-01T12:00:00.000Z',
  level: 'info',
  message: `line ${seq}`,
  seq,
});

/** Logs with endless lines, one for each read. */
class EndlessLogs {
  readonly opened: { name: string; query: LogQuery }[] = [];
  reads = 0;
  ended = 0;

  followLogs(name: string, query: LogQuery, signal: AbortSignal): AsyncIterable<readonly LogItem[]> {
    if (name === 'missing') throw new ApiError('INSTANCE_NOT_FOUND', 'There is no such instance.');
    this.opened.push({ name, query });
    return this.#items(signal);
  }

  async *#items(signal: AbortSignal): AsyncGenerator<readonly LogItem[]> {
    try {
      while (!signal.aborted) {
        this.reads += 1;
        yield [line(this.reads)];
      }
    } finally {
      this.ended += 1;
    }
  }
}

let clock: FakeClock;
let logs: EndlessLogs;
let sent: LogNews[];
let faults: unknown[];
let writable: () => Promise<void>;
let followers: LogFollowers;
/** How long the next subscriptions have to wait. */
let waits: number[];

beforeEach(() => {
  clock = new FakeClock();
  logs = new EndlessLogs();
  sent = [];
  faults = [];
  writable = async () => undefined;
  waits = [];
  followers = new LogFollowers({
    clock,
    admit: () => waits.shift() ?? 0,
    logs,
    send: (news) => sent.push(news),
    writable: () => writable(),
    onFault: (error) => faults.push(error),
  });
});

describe('followed logs of a client', () => {
  it('send lines at most ten times a second, and never without limit', async () => {
    followers.follow([{ instance: 'a', level: 'warn', after_seq: 7 }]);
    await clock.flush();
    expect(sent).toEqual([{ type: 'log_lines', data: { name: 'a', lines: [line(1)] } }]);
    await clock.advance(1_000);
    expect(sent).toHaveLength(11);
    expect(logs.opened).toEqual([
      { name: 'a', query: { lines: 0, level: 'warn', afterSeq: 7, mostBehind: expect.any(Number) as number } },
    ]);
  });

  it('begin later if their caller has subscribed too often, and not at all if the client has left them', async () => {
    waits = [30_000, 10_000];
    followers.follow([{ instance: 'a' }]);
    await clock.advance(39_000);
    expect([logs.opened.length, sent.length]).toEqual([0, 0]);
    await clock.advance(1_500);
    expect(logs.opened).toHaveLength(1);
    waits = [30_000];
    followers.follow([{ instance: 'b' }]);
    await clock.advance(1_000);
    followers.follow([]);
    await clock.advance(60_000);
    expect(logs.opened).toHaveLength(1);
  });

  it('read nothing more while the client does not take what came', async () => {
    const taken = Promise.withResolvers<void>();
    writable = () => taken.promise;
    followers.follow([{ instance: 'a' }]);
    await clock.advance(60_000);
    expect([logs.reads, sent.length]).toEqual([1, 1]);
    taken.resolve();
    await clock.advance(100);
    expect(logs.reads).toBeGreaterThan(1);
  });

  it('go on where they are if the next subscription has them too, else end', async () => {
    followers.follow([{ instance: 'a', after_seq: 7 }, { instance: 'b' }]);
    await clock.flush();
    followers.follow([{ instance: 'A', after_seq: 7 }, { instance: 'c' }]);
    await clock.advance(200);
    expect(logs.opened.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(logs.ended).toBe(1);
    followers.follow([{ instance: 'a', after_seq: 8 }]);
    await clock.advance(200);
    expect([logs.opened.at(-1)?.query.afterSeq, logs.ended]).toEqual([8, 3]);
    followers.end();
    await clock.advance(200);
    const { length } = sent;
    await clock.advance(1_000);
    expect([sent.length, logs.ended]).toEqual([length, 4]);
  });

  it('ignore an instance that the client does not see', async () => {
    followers.follow([{ instance: 'missing' }, { instance: 'a' }]);
    await clock.flush();
    expect([sent.length, faults]).toEqual([1, []]);
  });

  it('begin again with the next subscription if they have ended or did not exist', async () => {
    const opened: string[] = [];
    const short = {
      followLogs: (name: string): AsyncIterable<readonly LogItem[]> => {
        opened.push(name);
        if (name === 'later') throw new ApiError('INSTANCE_NOT_FOUND', 'There is no such instance.');
        return (async function* ended() {})();
      },
    };
    const subscription = [{ instance: 'deleted' }, { instance: 'later' }];
    const both = new LogFollowers({
      clock,
      admit: () => 0,
      logs: short,
      send: () => undefined,
      writable,
      onFault: () => undefined,
    });
    both.follow(subscription);
    await clock.flush();
    both.follow(subscription);
    expect(opened).toEqual(['deleted', 'later', 'deleted', 'later']);
  });

  it('send a gap as a message of its own, in order', async () => {
    const items: LogItem[] = [line(1), line(2), { gap: { from_seq: 2, to_seq: 90 } }, line(91)];
    const once = {
      async *followLogs(): AsyncGenerator<readonly LogItem[]> {
        yield items;
      },
    };
    new LogFollowers({
      clock,
      admit: () => 0,
      logs: once,
      send: (news) => sent.push(news),
      writable,
      onFault: (error) => faults.push(error),
    }).follow([{ instance: 'a' }]);
    await clock.flush();
    expect(sent).toEqual([
      { type: 'log_lines', data: { name: 'a', lines: [line(1), line(2)] } },
      { type: 'log_gap', data: { name: 'a', from_seq: 2, to_seq: 90 } },
      { type: 'log_lines', data: { name: 'a', lines: [line(91)] } },
    ]);
  });

  it('report an error of a log, and follow the others', async () => {
    const failing = {
      followLogs: (name: string, query: LogQuery, signal: AbortSignal) => {
        if (name === 'bad') throw new Error('the disk is gone');
        return logs.followLogs(name, query, signal);
      },
    };
    new LogFollowers({
      clock,
      admit: () => 0,
      logs: failing,
      send: (news) => sent.push(news),
      writable,
      onFault: (error) => faults.push(error),
    }).follow([{ instance: 'bad' }, { instance: 'a' }]);
    await clock.flush();
    expect([faults, sent.length]).toEqual([[new Error('the disk is gone')], 1]);
  });
});
