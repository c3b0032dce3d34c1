import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { LogOutput } from './log-output.ts';

/** Tests with real files and pipes, because their behaviour matters. */

let folder: string;
let open: number[] = [];
const clock = new FakeClock();

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'llamactl-log-'));
  open = [];
});

afterEach(() => {
  for (const descriptor of open) closeSync(descriptor);
  rmSync(folder, { recursive: true });
});

function opened(file: string, flags: number): number {
  const descriptor = openSync(file, flags, 0o600);
  open.push(descriptor);
  return descriptor;
}

/** A non-blocking pipe. */
function pipe(): { reader: number; writer: number } {
  const file = path.join(folder, 'pipe');
  execFileSync('mkfifo', [file]);
  const reader = opened(file, constants.O_RDONLY | constants.O_NONBLOCK);
  return { reader, writer: opened(file, constants.O_WRONLY | constants.O_NONBLOCK) };
}

/** Reads everything from the pipe while the output retries. */
async function drained(reader: number): Promise<string> {
  const chunks: Buffer[] = [];
  const chunk = Buffer.alloc(65_536);
  for (let tries = 0; tries < 100; tries += 1) {
    try {
      chunks.push(Buffer.from(chunk.subarray(0, readSync(reader, chunk))));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
      if (clock.pending.length === 0) break;
      await clock.advance(50);
    }
  }
  return Buffer.concat(chunks).toString();
}

const lines = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${index} ${'x'.repeat(1_000)}\n`);

describe("the server's log", () => {
  it('is in the file before write returns', () => {
    const file = path.join(folder, 'log');
    const output = new LogOutput(opened(file, constants.O_WRONLY | constants.O_CREAT), clock);
    output.write('one\n');
    output.write('two\n');
    expect(readFileSync(file, 'utf8')).toBe('one\ntwo\n');
  });

  it('waits for a slow reader, and loses nothing', async () => {
    const { reader, writer } = pipe();
    const output = new LogOutput(writer, clock);
    for (const line of lines(500)) output.write(line);
    expect(await drained(reader)).toBe(lines(500).join(''));
  });

  it('keeps a mebibyte for a reader that does not read, and reports how many lines were lost', async () => {
    const { reader, writer } = pipe();
    const output = new LogOutput(writer, clock);
    for (const line of lines(3_000)) output.write(line);
    const got = (await drained(reader)).split('\n').slice(0, -1);
    expect(got).toEqual(lines(got.length).map((line) => line.trimEnd()));
    expect(got.length * 1_000).toBeGreaterThan(1_000_000);
    output.write('last\n');
    const [report = '', last] = (await drained(reader)).split('\n');
    expect(JSON.parse(report)).toMatchObject({ level: 40 });
    expect(report).toContain(`${3_000 - got.length} lines`);
    expect(last).toBe('last');
  });

  it('tries once more when the process ends', async () => {
    const { reader, writer } = pipe();
    const output = new LogOutput(writer, clock);
    for (const line of lines(70)) output.write(line);
    const chunk = Buffer.alloc(131_072);
    const before = chunk.toString('utf8', 0, readSync(reader, chunk));
    output.end();
    const after = chunk.toString('utf8', 0, readSync(reader, chunk));
    expect(before + after).toBe(lines(70).join(''));
    await clock.advance(50);
    expect(clock.pending).toEqual([]);
  });

  it('stops writing when its reader is gone', async () => {
    const { reader, writer } = pipe();
    const output = new LogOutput(writer, clock);
    closeSync(reader);
    open = open.filter((descriptor) => descriptor !== reader);
    output.write('one\n');
    output.write('two\n');
    expect(clock.pending).toEqual([]);
  });

  it.runIf(process.platform === 'linux')('loses lines on a full disk, and continues', () => {
    const output = new LogOutput(opened('/dev/full', constants.O_WRONLY), clock);
    output.write('one\n');
    output.write('two\n');
    expect(clock.pending).toEqual([]);
  });
});
