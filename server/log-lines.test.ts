import { pino, type Logger } from 'pino';
import { beforeEach, expect, it } from 'vitest';
import { LogLines, timestamps } from './log-lines.ts';
import { FakeClock } from './testing/fake-clock.ts';

let clock: FakeClock;
let lines: LogLines;
let written: string[];
let log: Logger;

beforeEach(() => {
  clock = new FakeClock();
  written = [];
  lines = new LogLines({ write: (text) => void written.push(text) }, clock);
  log = pino({ base: null, timestamp: false }, lines);
});

it('writes the lines of 50 ms together', async () => {
  log.info('one');
  await clock.advance(49);
  log.info('two');
  expect(written).toEqual([]);
  await clock.advance(1);
  expect(written).toEqual(['{"level":30,"msg":"one"}\n{"level":30,"msg":"two"}\n']);
  log.info('three');
  await clock.advance(50);
  expect(written).toHaveLength(2);
});

it('writes a warning at once, after the lines before it', () => {
  log.info('one');
  log.warn('two');
  expect(written).toEqual(['{"level":30,"msg":"one"}\n{"level":40,"msg":"two"}\n']);
  log.error('three');
  expect(written).toHaveLength(2);
});

it('holds at most 32 KB', () => {
  const line = 'x'.repeat(1_000);
  for (let count = 0; count < 33; count += 1) log.info(line);
  expect(written).toHaveLength(1);
});

it('writes collected lines once when it is flushed', async () => {
  log.info('one');
  lines.flush();
  lines.flush();
  await clock.advance(50);
  expect(written).toEqual(['{"level":30,"msg":"one"}\n']);
});

it('returns the time of each line', async () => {
  const time = timestamps(clock);
  const [first, second] = [time(), time()];
  await clock.advance(1);
  expect([first, second, time()]).toEqual([
    ',"time":"2023-11-14T22:13:20.000Z"',
    ',"time":"2023-11-14T22:13:20.000Z"',
    ',"time":"2023-11-14T22:13:20.001Z"',
  ]);
});
