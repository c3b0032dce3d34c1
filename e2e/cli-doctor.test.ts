import { chmod, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PortBlock } from '@llamactl/server/testing/port-block';
import { testEngine } from '../scripts/test-assets.ts';
import { runCommand } from './command-line.ts';
import { ServerProcess } from './server-process.ts';

/** `doctor` on this machine, with and without a server, an engine and a configuration that can be used. */

interface Finding {
  check: string;
  level: string;
  message: string;
  remedies: string[];
}

let home: string;
let ports: PortBlock;

beforeEach(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'llamactl-doctor-'));
  ports = await PortBlock.take();
});

afterEach(async () => {
  ports.release();
  await rm(home, { recursive: true, force: true });
});

async function doctor(
  environment: Record<string, string> = {},
  ...flags: string[]
): Promise<{ status: number | null; found: Map<string, Finding> }> {
  const PATH = `${path.dirname(testEngine())}:${process.env['PATH'] ?? ''}`;
  const port = String(ports.next());
  const own = { HOME: home, PATH, LLAMACTL_SERVER_PORT: port, ...environment };
  const { status, stdout } = await runCommand(['doctor', '--json', ...flags], own);
  const findings = JSON.parse(stdout) as Finding[];
  return { status, found: new Map(findings.map((finding) => [finding.check, finding])) };
}

describe('doctor', () => {
  it('finds nothing wrong with an engine and an empty home, and needs no server', async () => {
    const { status, found } = await doctor();
    expect([...found.values()].filter(({ level }) => level === 'error')).toEqual([]);
    expect(status).toBe(0);
    expect(found.get('engine')?.message).toContain(testEngine());
    expect(found.get('models')?.level).toBe('warning');
  });

  it('exits with 1 when there is no engine, and says how to get one', async () => {
    const { status, found } = await doctor({ PATH: '/nowhere' });
    expect(status).toBe(1);
    expect(found.get('engine')).toMatchObject({ level: 'error' });
    expect(found.get('engine')?.remedies).toContain('Install one: llamactl quickstart');
  });

  it('tells an engine that does not run by what it says', async () => {
    const program = path.join(home, 'llama-server');
    await writeFile(program, '#!/bin/sh\necho "libfoo.so.1: cannot open shared object file" >&2\nexit 127\n');
    await chmod(program, 0o755);
    const { found } = await doctor({ PATH: `${home}:${process.env['PATH'] ?? ''}` });
    expect(found.get('engine')).toMatchObject({ level: 'error' });
    expect(found.get('engine')?.message).toContain('libfoo.so.1');
  });

  it('names what is wrong in the configuration', async () => {
    const file = path.join(home, 'c.yaml');
    await writeFile(file, 'serverr: {}\n');
    const { status, found } = await doctor({}, '--config', file);
    expect(status).toBe(1);
    expect(found.get('configuration')?.message).toContain('serverr');
  });

  it('asks the server that has the data directory, and looks at the database with it and without', async () => {
    const server = await ServerProcess.create();
    try {
      await server.start();
      const { found } = await doctor({}, '--data-dir', server.dataDirectory);
      expect(found.get('server')).toMatchObject({ level: 'ok' });
      expect(found.get('server')?.message).toContain(server.url);
      expect(found.get('PATH')).toMatchObject({ level: 'ok' });
      expect(found.get('database')).toMatchObject({ level: 'ok' });
      await server.end('SIGTERM');
      await truncate(path.join(server.dataDirectory, 'llamactl.db'), 4_096);
      const { status, found: after } = await doctor({}, '--data-dir', server.dataDirectory);
      expect(status).toBe(1);
      expect(after.get('database')?.message).toContain('llamactl.db is damaged or not a database');
    } finally {
      await server.dispose();
    }
  });

  it('is wrong where a server was named that is not there', async () => {
    const { status, found } = await doctor({ LLAMACTL_URL: 'http://127.0.0.1:1' });
    expect(status).toBe(1);
    expect(found.get('server')).toMatchObject({ level: 'error' });
  });
});
