import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { codeOf } from '@llamactl/contract/reason';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { isLong } from '../../../scripts/test-tier.ts';
import { contentOf, FileHost, type FileRequest, sha256Of } from '../../testing/file-host.ts';
import type { ByteRange } from './byte-ranges.ts';

const MIB = 1024 * 1024;
const KILLS = isLong ? 10 : 3;
// Two pieces, so that two connections fetch it.
const content = contentOf(20 * MIB);
const RecordSchema = z.object({ ranges: z.array(z.object({ from: z.number(), to: z.number() })) });
const PROGRAM = path.join(import.meta.dirname, '..', '..', 'testing', 'download-program.ts');

let folder: string;
let host: FileHost;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-killed-'));
  host = await FileHost.open(content);
});
afterEach(async () => {
  await host.close();
  await rm(folder, { recursive: true });
});

function start(): ChildProcessByStdio<null, Readable, null> {
  const words = [PROGRAM, folder, host.url(), String(content.length), sha256Of(content)];
  return spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** The parts of the file that the record of the download has now. */
function recorded(): ByteRange[] {
  try {
    const text = readFileSync(`${path.join(blobs(), sha256Of(content))}.llamactl.json`, 'utf8');
    return RecordSchema.parse(JSON.parse(text)).ranges;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

function blobs(): string {
  return path.join(folder, 'hub', 'models--org--repo', 'blobs');
}

/** Whether a range has bytes of one of the others. */
function meets(range: ByteRange | null, others: readonly ByteRange[]): boolean {
  return others.some(({ from, to }) => range === null || (range.from < to && from < range.to));
}

it('a download that is killed again and again, and cut all the time, is right and asks for no byte that it has recorded', async () => {
  let state = 3;
  /** Of the life before. */
  let before: ByteRange[] = [];
  const askedTwice: FileRequest[] = [];
  host.treat = (request) => {
    if (meets(request.range, before)) askedTwice.push(request);
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return { cutAfter: MIB + (state % (2 * MIB)) };
  };
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const child = start();
    for await (const line of createInterface({ input: child.stdout })) {
      // Each life brings some bytes; the last part is left for the end.
      if (Number.parseInt(line, 10) >= (kill * content.length) / (KILLS + 2)) child.kill('SIGKILL');
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    expect(child.signalCode).toBe('SIGKILL');
    before = recorded();
    // Without a record there would be nothing to continue.
    expect(before).not.toEqual([]);
  }
  const child = start();
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) lines.push(line);
  expect(lines.at(-1)).toBe(`${content.length} done`);
  expect(await readdir(blobs())).toEqual([sha256Of(content)]);
  expect((await readFile(path.join(blobs(), sha256Of(content)))).equals(content)).toBe(true);
  expect(askedTwice).toEqual([]);
});
