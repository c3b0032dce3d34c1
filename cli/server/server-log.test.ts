import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync, writeSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { makePrivateFolder } from '@llamactl/server/main';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServerLog, serverLogIn } from './server-log.ts';

let folder: string;
let file: string;
let log: ServerLog | null;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'llamactl-log-'));
  file = serverLogIn(path.join(folder, 'data'));
  log = null;
});

afterEach(() => {
  log?.close();
  rmSync(folder, { recursive: true });
});

const open = (): ServerLog => (log = new ServerLog(file, makePrivateFolder));

describe('the log of a server in the background', () => {
  it('is private, and so is the data directory that it makes', () => {
    open();
    expect([statSync(path.dirname(file)).mode & 0o777, statSync(file).mode & 0o777]).toEqual([0o700, 0o600]);
  });

  it('has the message with which this server ended, and not that of an earlier one', () => {
    const first = open();
    writeSync(first.descriptor, 'llamactl: an old failure\n');
    first.close();
    const second = open();
    expect(second.failure()).toEqual([]);
    writeSync(second.descriptor, '{"level":40}\nllamactl: a warning\nllamactl: port 1 is taken\n  choose another\n');
    expect(second.failure()).toEqual(['port 1 is taken', 'choose another']);
  });

  it('begins again at a start when it has grown too long', () => {
    open().close();
    truncateSync(file, 10_000_001);
    open();
    expect([statSync(file).size, statSync(`${file}.1`).size]).toEqual([0, 10_000_001]);
  });

  it('is no link to another file', () => {
    open().close();
    rmSync(file);
    const other = path.join(folder, 'other');
    writeFileSync(other, '');
    symlinkSync(other, file);
    log = null;
    expect(() => new ServerLog(file, makePrivateFolder)).toThrow(`the log of the server, ${file}, cannot be written`);
  });

  it('cannot be in a folder that the system refuses', () => {
    const refused = serverLogIn('/proc/llamactl');
    expect(() => new ServerLog(refused, makePrivateFolder)).toThrow(`the log of the server, ${refused}, cannot be`);
  });
});
