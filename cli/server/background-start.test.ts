import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { makePrivateFolder } from '@llamactl/server/main';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startInBackground, type Launch } from './background-start.ts';

/** Small scripts stand for the server; e2e/background.test.ts has the real one. */

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'llamactl-start-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

function launch(script: string, changes: Partial<Launch> = {}): Launch {
  const file = path.join(folder, 'program.sh');
  writeFileSync(file, script);
  return {
    program: { command: '/bin/sh', argv: [file] },
    flags: ['--port', '9000'],
    environment: { PATH: process.env['PATH'] },
    log: path.join(folder, 'server.log'),
    makeFolder: makePrivateFolder,
    signal: new AbortController().signal,
    ...changes,
  };
}

describe('a start in the background', () => {
  it('is over when the server prints that it listens', async () => {
    const said = path.join(folder, 'said');
    const environment = { NOTIFY_SOCKET: '/run/systemd/notify', WATCHDOG_USEC: '1', PATH: process.env['PATH'] };
    const script = `echo "$* \${NOTIFY_SOCKET-none} \${WATCHDOG_USEC-none}" > ${said}; echo '{}'; while [ -d ${folder} ]; do sleep 0.01; done`;
    expect(await startInBackground(launch(script, { environment }))).toEqual({ kind: 'listens' });
    expect(readFileSync(said, 'utf8')).toBe('serve --port 9000 none none\n');
  });

  it('returns the last message of a server that ends instead', async () => {
    const script = 'echo "llamactl: no port is free" >&2; echo "  choose one" >&2; exit 3';
    expect(await startInBackground(launch(script))).toEqual({
      kind: 'ended',
      message: ['no port is free', 'choose one'],
      how: 'with status 3',
    });
    expect(await startInBackground(launch('kill -9 $$'))).toEqual({ kind: 'ended', message: [], how: 'by SIGKILL' });
  });

  it('ends the server when it is interrupted before that', async () => {
    const interruption = new AbortController();
    const pipe = path.join(folder, 'ended');
    const script = `trap 'echo ended > ${pipe}; exit' TERM; echo begun >&2; while :; do sleep 0.01; done`;
    const start = startInBackground(launch(script, { signal: interruption.signal }));
    await expect.poll(() => readFileSync(path.join(folder, 'server.log'), 'utf8')).toBe('begun\n');
    interruption.abort();
    await expect(start).rejects.toMatchObject({ status: 130 });
    await expect.poll(() => readFileSync(pipe, { encoding: 'utf8', flag: 'a+' })).toBe('ended\n');
  });

  it('fails when the program cannot be launched', async () => {
    const program = { command: path.join(folder, 'missing'), argv: [] };
    await expect(startInBackground(launch('', { program }))).rejects.toThrow('the server cannot be launched');
  });
});
