import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'llamactl-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const MODULE = JSON.stringify(pathToFileURL(path.join(import.meta.dirname, 'working-directory.ts')).href);

/** The result in a process that works in `folder/here`, after a change of that folder. */
function directoryAfter(change: string): unknown {
  const here = path.join(folder, 'here');
  mkdirSync(here);
  const script = `
    import { mkdirSync, renameSync, rmdirSync } from 'node:fs';
    import { successorDirectory } from ${MODULE};
    const here = process.cwd();
    ${change}
    console.log(JSON.stringify(successorDirectory(here)));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', script], { cwd: here });
  return JSON.parse(output.toString());
}

describe('successorDirectory', () => {
  it('is the current folder, even if it was moved', () => {
    expect(directoryAfter('')).toEqual({ flags: [] });
    rmSync(path.join(folder, 'here'), { recursive: true });
    expect(directoryAfter(`renameSync(here, here + '-moved');`)).toEqual({ flags: [] });
  });

  it('is the root if the folder is gone, and relative paths keep their meaning', () => {
    const here = path.join(folder, 'here');
    expect(directoryAfter('rmdirSync(here);')).toEqual({ cwd: '/', flags: ['--relative-to', here] });
  });

  it('is a folder that replaced the removed one', () => {
    const here = path.join(folder, 'here');
    expect(directoryAfter('rmdirSync(here); mkdirSync(here);')).toEqual({ cwd: here, flags: [] });
  });
});
