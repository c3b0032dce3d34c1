import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const MODULE = path.join(import.meta.dirname, 'compiled-script.ts');

let folder: string;
let script: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'llamactl-compiled-'));
  script = path.join(folder, 'script.cjs');
  write('one');
});

afterEach(() => rmSync(folder, { recursive: true }));

function write(word: string): void {
  const text = `(function (exports, require) {
    exports.word = () => '${word}' + require('node:path').sep;
  })`;
  writeFileSync(script, text);
}

/** Runs the script in a process of its own. @returns its word */
async function said({ flags = [] as string[], keeps = ['started'], caches = true } = {}): Promise<string> {
  const program = `
    import { compiledScript } from ${JSON.stringify(MODULE)};
    const script = compiledScript(${JSON.stringify(script)});
    process.stdout.write(script.exports.word());
    for (const extent of JSON.parse(process.env.KEEPS)) script.keep(extent);
  `;
  // As a variable: the file that is kept has its name from the arguments of Node.
  const wanted = { PATH: process.env['PATH'] ?? '', KEEPS: JSON.stringify(keeps) };
  const env = { ...wanted, ...(caches && { NODE_COMPILE_CACHE: path.join(folder, 'compiled') }) };
  const { stdout } = await run(process.execPath, [...flags, '--input-type=module', '--eval', program], { env });
  return stdout;
}

/** The kept files: path and inode, which a new one would change. */
function kept(): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => path.basename(name).startsWith('llamactl-'))
    .map((name) => `${name} ${statSync(path.join(folder, name)).ino}`);
}

describe('a compiled script', () => {
  it('is kept at the end of the process, once, for this user only', async () => {
    expect(await said()).toBe('one/');
    const first = kept();
    expect(first).toHaveLength(1);
    expect(await said()).toBe('one/');
    expect(kept()).toEqual(first);
    expect(statSync(path.join(folder, (first[0] ?? '').split(' ')[0] ?? '')).mode & 0o777).toBe(0o600);
  });

  it('is kept again, once, by the first process that has relayed a request', async () => {
    await said();
    const ofStart = kept();
    await said({ keeps: ['started', 'relayed'] });
    const ofRequests = kept();
    expect(ofRequests).toHaveLength(1);
    expect(ofRequests).not.toEqual(ofStart);
    await said({ keeps: ['started', 'relayed'] });
    await said();
    expect(kept()).toEqual(ofRequests);
  });

  it('is not kept unless it is asked for, or if Node has no folder for compiled code', async () => {
    expect(await said({ keeps: [] })).toBe('one/');
    expect(await said({ caches: false })).toBe('one/');
    expect(kept()).toEqual([]);
  });

  it('is not used for another text of the same length', async () => {
    expect(await said()).toBe('one/');
    write('two');
    utimesSync(script, 1, 1);
    expect(await said()).toBe('two/');
    expect(kept()).toHaveLength(2);
  });

  it('is not used with other flags of Node', async () => {
    await said();
    expect(await said({ flags: ['--max-lazy'] })).toBe('one/');
    expect(kept()).toHaveLength(2);
  });

  it('is made again if the file is damaged', async () => {
    await said();
    const [file = ''] = (kept()[0] ?? '').split(' ');
    const damaged = path.join(folder, file);
    const whole = readFileSync(damaged);
    const changed = Buffer.from(whole).fill(0xff, 200, 300);
    for (const bytes of [whole.subarray(0, 100), Buffer.alloc(0), changed]) {
      writeFileSync(damaged, bytes);
      expect(await said()).toBe('one/');
      expect(readFileSync(damaged)).toHaveLength(whole.length);
      expect(readFileSync(damaged).equals(bytes)).toBe(false);
    }
  });

  it('of more than five scripts is removed, oldest first', async () => {
    for (let version = 1; version <= 7; version += 1) {
      utimesSync(script, version, version);
      await said();
    }
    expect(kept()).toHaveLength(5);
  });
});
