import { spawnSync } from 'node:child_process';
import { access, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { tempFolder } from './temp-folder.ts';
import { makeWorkFolder } from './work-folder.ts';

test('is created hidden beside its target, and removed at the end of its block', async () => {
  const parent = path.join(await tempFolder(), 'new');
  let made: string;
  {
    await using work = await makeWorkFolder(path.join(parent, 'engine'));
    made = work.path;
    expect(path.dirname(made)).toBe(parent);
    expect(path.basename(made)).toMatch(/^\.engine\.partial-/);
    await writeFile(path.join(made, 'file'), 'x');
  }
  await expect(access(made)).rejects.toThrow('ENOENT');
});

test('removes folders of dead processes, but not those of live ones or other targets', async () => {
  const parent = await tempFolder();
  const dead = spawnSync('true').pid;
  const stay = [`.engine.partial-${process.pid}-a`, `.other.partial-${dead}-a`, '.engine.partial-x', 'engine'];
  for (const name of [...stay, `.engine.partial-${dead}-a`]) await mkdir(path.join(parent, name));
  await using _work = await makeWorkFolder(path.join(parent, 'engine'));
  const names = await readdir(parent);
  expect(names).toEqual(expect.arrayContaining(stay));
  expect(names).not.toContain(`.engine.partial-${dead}-a`);
});
