import { mkdtempSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEMO_SENTENCE } from '@llamactl/cli/quickstart/demo-model';
import { PortBlock } from '@llamactl/server/testing/port-block';
import { testEngine, testModel } from '../scripts/test-assets.ts';
import { runCommand, type CommandResult } from './command-line.ts';
import { endProcessesOf } from './home-processes.ts';

/** `up`, `down`, and verbs that start a server: the real program in a home of its own. */

let home: string;
let data: string;
let port: number;
let ports: PortBlock;
let url: string;

beforeEach(async () => {
  home = mkdtempSync(path.join(os.tmpdir(), 'llamactl-background-'));
  data = path.join(home, '.local', 'share', 'llamactl');
  ports = await PortBlock.take();
  port = ports.next();
  url = `http://127.0.0.1:${port}`;
  configure('');
});

afterEach(async () => {
  await endProcessesOf(home);
  ports.release();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

/** Writes the configuration file of the user. */
function configure(more: string): void {
  const folder = path.join(home, '.config', 'llamactl');
  mkdirSync(folder, { recursive: true });
  const own = `server: { port: ${port} }\ninstances: { port_range: [${ports.range.join(', ')}] }\n`;
  writeFileSync(path.join(folder, 'config.yaml'), `${own}rate_limit: { enabled: false }\n${more}`);
}

function llamactl(...words: string[]): Promise<CommandResult> {
  const PATH = `${path.dirname(testEngine())}:${process.env['PATH'] ?? ''}`;
  return runCommand(words, { HOME: home, PATH });
}

async function json(...words: string[]): Promise<Record<string, unknown>> {
  const { stdout, stderr } = await llamactl(...words, '--json');
  return JSON.parse(stdout === '' ? stderr : stdout) as Record<string, unknown>;
}

describe('a verb without a server', () => {
  it('names the configured port and data directory, and offers `up`', async () => {
    const { status, stdout, stderr } = await llamactl('ps');
    expect({ status, stdout }).toEqual({ status: 5, stdout: '' });
    const [first, origin] = stderr.split('\n');
    expect(first).toBe(
      `llamactl: No server is running for ${data}, and nothing listens at ${url}. To start one: llamactl up`,
    );
    expect(origin).toBe(`  this address comes from ${path.join(home, '.config', 'llamactl', 'config.yaml')}`);
    expect(await json('ps')).toMatchObject({
      code: 'UNREACHABLE',
      error: expect.stringContaining('llamactl up') as unknown,
    });
  });

  it('finds one in another configured data directory', async () => {
    const other = path.join(home, 'other');
    configure(`data_dir: ${other}\n`);
    expect(await json('up')).toMatchObject({ started: true, data_dir: other, log: path.join(other, 'server.log') });
    expect(await json('context', 'show')).toMatchObject({ url, source: path.join(other, 'server.json') });
    expect(await llamactl('down')).toMatchObject({ status: 0 });
  });
});

describe('a verb that starts a server', () => {
  it('starts none if the file or reference is wrong anyway', async () => {
    const absent = await llamactl('run', 'nosuch.gguf', 'Hi');
    expect([absent.status, absent.stderr]).toEqual([
      3,
      expect.stringMatching(/^llamactl: no such file: .*nosuch\.gguf\n/),
    ]);
    const malformed = await llamactl('pull', 'nonsense');
    expect([malformed.status, malformed.stderr]).toEqual([
      2,
      expect.stringMatching(/^llamactl: nonsense is not a reference: write /),
    ]);
    expect(await llamactl('down')).toMatchObject({ stderr: `no server is running in ${data}\n` });
  });
});

describe('up', () => {
  it('starts a server once, and prints where it listens', async () => {
    const first = await llamactl('up');
    expect(first.status).toBe(0);
    const [line = '', ...rows] = first.stdout.split('\n');
    expect(line).toMatch(new RegExp(`^llamactl \\S+ listens on ${url} \\(process \\d+\\)$`));
    expect(rows.join('\n')).toContain(`${url}/docs`);
    expect(rows.join('\n')).toContain(path.join(data, 'server.log'));
    const second = await llamactl('up');
    expect(second.status).toBe(0);
    expect(second.stdout).toContain(`is running already, on ${url}`);
    expect(await llamactl('up', '-q')).toMatchObject({ stdout: `${url}\n` });
    expect(statSync(path.join(data, 'server.log')).mode & 0o777).toBe(0o600);
    const reference = await fetch(`${url}/docs`, { redirect: 'manual' });
    expect([reference.status, reference.headers.get('location')]).toEqual([302, './?docs']);
  });

  it('names the option for other commands if they look elsewhere', async () => {
    const elsewhere = ports.next();
    const other = ['--data-dir', path.join(home, 'other'), '--port', String(elsewhere)];
    const option = `--url http://127.0.0.1:${elsewhere}`;
    expect((await llamactl('up', ...other)).stdout).toContain(`find it with ${option}`);
    expect((await llamactl('ps', ...option.split(' '))).status).toBe(0);
    expect((await llamactl('ps')).status).toBe(5);
    expect((await llamactl('up')).stdout).not.toContain('--url');
  });

  it('starts one server when two are requested at once', async () => {
    const both = await Promise.all([json('up'), json('serve', '--detach')]);
    expect(both.filter(({ started }) => started)).toHaveLength(1);
    expect(both[0]?.['pid']).toBe(both[1]?.['pid']);
  });

  it('gives the server a session of its own, without a terminal', async () => {
    const { pid } = await json('up');
    // pid (comm) state ppid pgrp session tty
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    const [, , , session, terminal] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    expect([session, terminal]).toEqual([String(pid), '0']);
  });

  it('reports why the server did not start', async () => {
    const thief = createServer().listen(port, '127.0.0.1');
    await once(thief, 'listening');
    const { status, stderr } = await llamactl('up');
    expect(status).toBe(1);
    expect(stderr).toMatch(new RegExp(`^llamactl: .*port ${port} is taken by .*--port`, 'i'));
    expect(stderr).toContain(`its log: ${path.join(data, 'server.log')}`);
    thief.close();
  });

  it('refuses another port than that of the running server', async () => {
    await llamactl('up');
    const { status, stderr } = await llamactl('up', '--port', '1234');
    expect({ status, stderr }).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('not on port 1234') as unknown,
    });
    expect(stderr).toContain('llamactl down');
  });

  it('names the password of the first account', async () => {
    configure('auth: { enabled: true }\n');
    const started = await json('up');
    expect(started).toMatchObject({ accounts: true, password_file: path.join(data, 'admin-password') });
    expect(readFileSync(String(started['password_file']), 'utf8').trim()).not.toBe('');
  });
});

describe('a server that run started', () => {
  it('reads a configuration file that is written later, after a reload', async () => {
    rmSync(path.join(home, '.config'), { recursive: true });
    const environment = {
      HOME: home,
      PATH: `${path.dirname(testEngine())}:${process.env['PATH'] ?? ''}`,
      LLAMACTL_SERVER_PORT: String(port),
      LLAMACTL_INSTANCES_PORT_RANGE: ports.range.join(','),
    };
    const run = (...words: string[]): Promise<CommandResult> => runCommand(words, environment);
    expect(await run('run', await testModel(), 'Hi')).toMatchObject({ status: 0 });
    configure('stats: { interval: 7 }\n');
    expect(await run('reload')).toMatchObject({ status: 0 });
    expect(await run('config', 'get', 'stats.interval')).toMatchObject({ stdout: '7\n' });
    expect(await run('config', 'set', 'stats.interval=8')).toMatchObject({ status: 0 });
  });
});

describe('a server that hangs', () => {
  it('is refused by up, down and reload, which say how to end it', async () => {
    const pid = Number((await json('up'))['pid']);
    process.kill(pid, 'SIGSTOP');
    const refused = await Promise.all(['up', 'down', 'reload'].map((verb) => llamactl(verb)));
    const said = `process ${pid} holds the data directory ${data}, but did not answer within 10 s`;
    for (const { status, stderr } of refused) {
      expect([status, stderr]).toEqual([5, expect.stringContaining(said)]);
      expect(stderr).toContain(`kill -9 ${pid}, then llamactl up; engines keep running`);
    }
    process.kill(pid, 'SIGKILL');
    expect(await json('up')).toMatchObject({ started: true });
  });
});

describe('down', () => {
  it('does nothing without a server', async () => {
    expect(await llamactl('down')).toMatchObject({ status: 0, stderr: `no server is running in ${data}\n` });
    expect(await json('down')).toEqual({ stopped: false, data_dir: data });
    expect((await llamactl('down', '--stop-engines')).stderr).toContain('\nno engine of it is running\n');
  });

  it('leaves engines running, which the next server adopts, or stops them first', async () => {
    const model = await testModel();
    const asked = await llamactl('run', model, 'Name three fruits');
    expect(asked).toMatchObject({ status: 0, stdout: `${DEMO_SENTENCE}\n` });
    expect(asked.stderr).toContain(`started a server in the background: ${url}; to stop it: llamactl down`);
    const again = await llamactl('run', model, 'Name three fruits');
    expect(again).toMatchObject({ status: 0, stderr: '' });
    const { pid } = await json('show', 'demo-model');
    const kept = await llamactl('down');
    expect(kept.stdout).toMatch(/^stopped the server \(process \d+\) of /);
    const left =
      '\n1 engine of an earlier server is still running; to stop it: llamactl up, then llamactl down --stop-engines\n';
    expect((await llamactl('down')).stderr).toContain(left);
    expect(kept.stdout).toContain('engines keep running, and the next server adopts them: demo-model\n');
    await llamactl('up');
    expect(await json('show', 'demo-model')).toMatchObject({ pid, status: 'running' });
    expect(await json('down', '--stop-engines')).toMatchObject({
      stopped: true,
      engines: [{ name: 'demo-model', pid, running: false }],
    });
  });

  it('stops a server that a reload has replaced', async () => {
    const { pid: first } = await json('up');
    await llamactl('reload');
    const { pid } = await json('down');
    expect(pid).not.toBe(first);
    expect((await llamactl('ps')).status).toBe(5);
  });

  it('stops a server whose configuration was broken meanwhile, by its data directory', async () => {
    await llamactl('up');
    configure('logs: { max_size_mb: one }\n');
    const refused = await llamactl('down');
    expect(refused).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('max_size_mb must be a number') as unknown,
    });
    expect(refused.stderr).toContain('llamactl down --data-dir FOLDER');
    expect(await llamactl('down', '--data-dir', data)).toMatchObject({ status: 0 });
  });

  it('stops no engines of a server that requires a log-in', async () => {
    configure('auth: { enabled: true }\n');
    await llamactl('up');
    const refused = await llamactl('down', '--stop-engines');
    expect(refused.status).toBe(4);
    expect(refused.stderr).toMatch(/nothing was stopped\n.*llamactl login/);
    expect(await llamactl('down')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('engines that were running keep running') as unknown,
    });
  });
});
