import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isLong } from '../../../scripts/test-tier.ts';
import { contentOf, FileHost, sha256Of } from '../../testing/file-host.ts';

const MIB = 1024 * 1024;
const KILLS = isLong ? 10 : 3;
const content = contentOf(48 * MIB);
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

it('a download that is killed again and again, and cut all the time, is right and fetches little twice', async () => {
  let state = 3;
  let cuts = 0;
  host.treat = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    cuts += 1;
    return { cutAfter: MIB + (state % (5 * MIB)) };
  };
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const child = start();
    for await (const line of createInterface({ input: child.stdout })) {
      // Each life brings some bytes; the last part is left for the end.
      if (Number.parseInt(line, 10) >= (kill * content.length) / (KILLS + 2)) child.kill('SIGKILL');
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    expect(child.signalCode).toBe('SIGKILL');
  }
  const child = start();
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) lines.push(line);
  expect(lines.at(-1)).toBe(`${content.length} done`);
  const blobs = path.join(folder, 'hub', 'models--org--repo', 'blobs');
  expect(await readdir(blobs)).toEqual([sha256Of(content)]);
  expect((await readFile(path.join(blobs, sha256Of(content)))).equals(content)).toBe(true);
  // At a kill: what came since the last record. At a cut: what was on its way.
  expect(host.sent).toBeLessThan(content.length + KILLS * 16 * MIB + cuts * MIB);
});
