import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { OwnLog } from './own-log.ts';

const ALL = { lines: 10_000, level: 'debug', text: null } as const;

function logInto(own: OwnLog) {
  let second = -1;
  const timestamp = (): string => {
    second += 1;
    return `,"time":"${new Date(1_767_225_600_000 + second * 1_000).toISOString()}"`;
  };
  return pino({ level: 'debug', base: null, timestamp }, { write: (line: string) => own.write(line) });
}

const messages = ({ logs }: { logs: { message: string }[] }): string[] => logs.map(({ message }) => message);

describe('OwnLog', () => {
  it('returns the last lines with their fields, oldest first', () => {
    const own = new OwnLog();
    const log = logInto(own);
    log.info('one');
    log.error({ err: new Error('disk full'), what: 'store' }, 'two');
    log.debug({ instance: 'chat' }, 'three');
    const { logs, since } = own.read(ALL);
    expect(since).toBe('2026-01-01T00:00:01.000Z');
    expect(logs).toEqual([
      { timestamp: '2026-01-01T00:00:01.000Z', level: 'info', message: 'one', fields: {} },
      {
        timestamp: '2026-01-01T00:00:02.000Z',
        level: 'error',
        message: 'two',
        fields: { what: 'store', err: expect.objectContaining({ message: 'disk full' }) as unknown },
      },
      { timestamp: '2026-01-01T00:00:03.000Z', level: 'debug', message: 'three', fields: { instance: 'chat' } },
    ]);
    expect(messages(own.read({ ...ALL, lines: 2 }))).toEqual(['two', 'three']);
  });

  it('filters by level, and by a text of the message or the fields', () => {
    const own = new OwnLog();
    const log = logInto(own);
    log.debug('a');
    log.info({ instance: 'Chat-70b' }, 'b');
    log.warn('c chat');
    log.fatal('d');
    expect(messages(own.read({ ...ALL, level: 'warn' }))).toEqual(['c chat', 'd']);
    expect(messages(own.read({ ...ALL, text: 'CHAT' }))).toEqual(['b', 'c chat']);
    expect(messages(own.read({ ...ALL, text: 'gone' }))).toEqual([]);
  });

  it('drops old lines, but keeps warnings and errors longer', () => {
    const own = new OwnLog();
    const log = logInto(own);
    log.warn('early');
    log.info('dropped');
    for (let index = 0; index < 3_000; index += 1) log.info({ filler: 'x'.repeat(400) }, 'request');
    const { logs, since } = own.read(ALL);
    expect(logs.length).toBeLessThan(2_700);
    expect(messages({ logs })[0]).toBe('early');
    expect(messages({ logs })).not.toContain('dropped');
    expect(since).toBe(logs[1]?.timestamp);
  });

  it('is empty at first, and skips what is no line of the log', () => {
    const own = new OwnLog();
    expect(own.read(ALL)).toEqual({ logs: [], since: null });
    own.write('llamactl: a message\n{"half\n[]\n{}\n');
    expect(own.read(ALL)).toEqual({ logs: [], since: null });
  });

  it('reads back the file of an earlier process, and nothing that cannot be read', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'llamactl-own-log-'));
    const file = path.join(folder, 'server.log');
    const earlier: string[] = [];
    const log = pino(
      { base: null, timestamp: pino.stdTimeFunctions.isoTime },
      { write: (line) => void earlier.push(line) },
    );
    for (let index = 0; index < 3_000; index += 1) log.info({ filler: 'x'.repeat(300) }, `line ${index}`);
    writeFileSync(file, `llamactl listens\n${earlier.join('')}`);
    for (const [flags, count] of [
      ['r+', 1_300],
      ['a', 0],
    ] as const) {
      const own = new OwnLog();
      const descriptor = openSync(file, flags);
      own.readBack(descriptor);
      closeSync(descriptor);
      const { logs } = own.read(ALL);
      expect(logs.length).toBeGreaterThanOrEqual(count);
      expect(messages({ logs }).at(-1)).toBe(count === 0 ? undefined : 'line 2999');
      own.readBack(descriptor);
    }
    rmSync(folder, { recursive: true });
  });
});
