import { describe, expect, it } from 'vitest';
import { readableLogLine } from './log-line.ts';
import { Style } from '../screen/style.ts';

const NOON = new Date(2026, 2, 1, 12, 0, 5);
const time = NOON.toISOString();

function readable(entry: object | string): string {
  const line = typeof entry === 'string' ? entry : JSON.stringify(entry);
  return readableLogLine(line, new Style(false), NOON.getTime());
}

describe('readableLogLine', () => {
  it.each([
    ['has time, level and message', { level: 40, time, msg: 'slow disk' }, '12:00:05  warn  slow disk'],
    [
      'has other fields after the message',
      { level: 30, time, msg: 'request', method: 'GET', status: 200 },
      '12:00:05  info  request  method=GET status=200',
    ],
    [
      'has the message of an alert',
      { level: 50, time, msg: 'Alert: qwen failed.', code: 'instance_failed' },
      '12:00:05  error  Alert: qwen failed.  code=instance_failed',
    ],
    [
      'has the message of an error',
      { level: 50, time, msg: 'Something went wrong', err: { type: 'Error', message: 'no space', stack: 'at x' } },
      '12:00:05  error  Something went wrong: no space',
    ],
    ['has no control characters', { level: 30, time, msg: 'a\u001B[2Jb' }, '12:00:05  info  ab'],
    ['stays unchanged if it is not JSON', 'panic!', 'panic!'],
  ])('%s', (_what, entry, line) => {
    expect(readable(entry)).toBe(line);
  });
});
