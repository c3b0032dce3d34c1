import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { createToolRunner } from '../supervisor/tool.ts';
import { createHolePuncher, type LogTool } from './hole-puncher.ts';

const MIB = 1_048_576;
const tool = createToolRunner(systemClock(), { PATH: process.env['PATH'] ?? '' });

let folder: string;
let calls: string[];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'llamactl-hole-'));
  calls = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const recorded =
  (inner: LogTool): LogTool =>
  (command, args, options) => {
    calls.push([command, ...args].join(' '));
    return inner(command, args, options);
  };
const answering = (code: number, stderr = ''): LogTool => recorded(async () => ({ code, stdout: '', stderr }));

describe('a hole', () => {
  test('frees whole blocks at the beginning; size and the rest stay', async () => {
    const file = path.join(folder, 'log');
    writeFileSync(file, Buffer.alloc(MIB, 'x'));
    const puncher = createHolePuncher(tool);
    await puncher.punch(file, 500_000);
    const content = readFileSync(file);
    const hole = Math.floor(500_000 / 4_096) * 4_096;
    expect(content.length).toBe(MIB);
    expect(content.subarray(0, hole).every((byte) => byte === 0)).toBe(true);
    expect(content.subarray(hole).every((byte) => byte === 0x78)).toBe(true);
    expect(statSync(file).blocks * 512).toBeLessThanOrEqual(MIB - hole + 65_536);
    await puncher.punch(file, 500_000);
    expect(readFileSync(file).equals(content)).toBe(true);
  });

  test('of less than a block is none', async () => {
    await createHolePuncher(answering(0)).punch(path.join(folder, 'log'), 4_095);
    expect(calls).toEqual([]);
  });

  test('that fails is an error with the words of the tool', async () => {
    const puncher = createHolePuncher(answering(1, 'fallocate: fallocate failed: Input/output error\n'));
    await expect(puncher.punch(path.join(folder, 'log'), 4_096)).rejects.toThrow('Input/output error');
  });
});

describe('whether holes work', () => {
  test('is tried once, on a file that is gone afterwards', async () => {
    const puncher = createHolePuncher(recorded(tool));
    expect(await puncher.works(folder)).toBe(true);
    expect(await puncher.works(folder)).toBe(true);
    expect(calls).toHaveLength(1);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('they do not where the tool or the file system refuses; that is asked once', async () => {
    const puncher = createHolePuncher(answering(1, "fallocate: unrecognized option '--punch-hole'"));
    expect(await puncher.works(folder)).toBe(false);
    expect(await puncher.works(folder)).toBe(false);
    expect(calls).toHaveLength(1);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('they do not where the tool says yes and nothing happens', async () => {
    expect(await createHolePuncher(answering(0)).works(folder)).toBe(false);
  });

  test('they do not without the tool; it may be installed later', async () => {
    let isInstalled = false;
    const puncher = createHolePuncher((command, args, options) =>
      isInstalled ? tool(command, args, options) : Promise.reject(new Error('fallocate was not found')),
    );
    expect(await puncher.works(folder)).toBe(false);
    isInstalled = true;
    expect(await puncher.works(folder)).toBe(true);
  });

  test('is tried again when one failed', async () => {
    let isBroken = false;
    const puncher = createHolePuncher((command, args, options) =>
      isBroken ? answering(1)(command, args, options) : tool(command, args, options),
    );
    expect(await puncher.works(folder)).toBe(true);
    isBroken = true;
    await expect(puncher.punch(path.join(folder, 'log'), MIB)).rejects.toThrow('fallocate');
    expect(await puncher.works(folder)).toBe(false);
  });
});
