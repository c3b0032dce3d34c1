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

/** Of a process that works in `folder/here`, after something was done to that. */
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

describe('where a successor works', () => {
  it('is where we do, also when that was moved', () => {
    expect(directoryAfter('')).toEqual({ flags: [] });
    rmSync(path.join(folder, 'here'), { recursive: true });
    expect(directoryAfter(`renameSync(here, here + '-moved');`)).toEqual({ flags: [] });
  });

  it('is the root when that is gone, and relative paths mean what they did', () => {
    const here = path.join(folder, 'here');
    expect(directoryAfter('rmdirSync(here);')).toEqual({ cwd: '/', flags: ['--relative-to', here] });
  });

  it('is the one that was made in its place', () => {
    const here = path.join(folder, 'here');
    expect(directoryAfter('rmdirSync(here); mkdirSync(here);')).toEqual({ cwd: here, flags: [] });
  });
});
