import { chmodSync, chownSync, mkdirSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PASSWORD } from '@llamactl/server/testing/auth-harness';
import { testConfig } from '@llamactl/server/testing/http-harness';
import { Contexts } from '../server/contexts.ts';
import { AccessServer } from '@llamactl/server/testing/access-server';
import { CommandSandbox, type RunOptions, type RunResult } from '../testing/command-run.ts';
import { HeldDirectory } from '../testing/held-directory.ts';

let server: AccessServer;
let sandbox: CommandSandbox;

beforeEach(async () => {
  server = await AccessServer.open();
  await server.harness.user('ann', 'operator');
  sandbox = new CommandSandbox();
});

afterEach(async () => {
  await server.close();
  sandbox.dispose();
});

const run = (words: string[], options: RunOptions = {}): Promise<RunResult> =>
  sandbox.run(words, { now: server.now, ...options });
const contexts = (): Contexts => new Contexts(`${sandbox.home}/.config/llamactl/contexts.json`);
const logIn = (...words: string[]): Promise<RunResult> =>
  run(['login', 'ann', '--password-stdin', '--url', server.url, ...words], { input: `${PASSWORD}\n` });

describe('a login', () => {
  it('asks for username and hidden password, and stores the token', async () => {
    const { status, stdout, stderr } = await run(['login', '--url', `${server.url}/`], { answers: ['ann', PASSWORD] });
    expect([status, stdout]).toEqual([0, '']);
    expect(stderr).not.toContain(PASSWORD);
    expect(stderr).toMatch(
      /logged in to http:\S+ as ann \(operator\)\nvalid until \d{4}-\d\d-\d\d \d\d:\d\d, extended while you use it\ncommands now go to the context local\n$/,
    );
    expect(contexts().current).toBe('local');
    expect(contexts().get('local')).toEqual({ url: server.url, username: 'ann', token: expect.any(String) as string });
    expect((await run(['keys', 'ls', '--json'])).stdout).toBe('[]\n');
  });

  it('reads the password from a script, and prints the result without the secret', async () => {
    const { status, stdout, stderr } = await logIn('--json', '-q');
    expect([status, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({ url: server.url, context: 'local', user: { username: 'ann' } });
    expect(stdout).not.toContain(contexts().get('local').token);
  });

  it('says how to go back to the context before', async () => {
    await logIn();
    expect((await logIn('--context', 'bob')).stderr).toContain(
      'commands now go to the context bob; to go back: llamactl context use local\n',
    );
  });

  it('comes first of several at one address if it is that of a plain login', async () => {
    await logIn();
    await logIn('--context', 'bob');
    contexts().use(null);
    expect(JSON.parse((await run(['context', 'show', '--json', '--url', server.url])).stdout)).toMatchObject({
      name: 'local',
    });
  });

  it('is stored under the given name, and replaced there', async () => {
    await logIn('--context', 'gpu');
    const first = contexts().get('gpu').token;
    contexts().use(null);
    await run(['login', '--context', 'gpu'], { answers: ['', PASSWORD] });
    expect(contexts().list()).toHaveLength(1);
    expect([contexts().current, contexts().get('gpu').token === first]).toEqual(['gpu', false]);
  });

  it('works if the folder of the contexts was made with a umask of 002', async () => {
    const folder = path.dirname(contexts().file);
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o775);
    expect(await logIn()).toMatchObject({ status: 0 });
    expect(await run(['keys', 'ls'])).toMatchObject({ status: 0 });
    expect(statSync(folder).mode & 0o022).toBe(0);
  });

  it.runIf(process.getuid?.() === 0)('is refused before any question if it cannot be stored', async () => {
    const folder = path.dirname(contexts().file);
    mkdirSync(folder, { recursive: true });
    chownSync(folder, 4321, 4321);
    chmodSync(folder, 0o775);
    const { status, stderr } = await run(['login', '--url', server.url], { answers: ['ann', PASSWORD] });
    expect([status, stderr]).toEqual([1, expect.stringContaining('other users can write to')]);
    expect(stderr).not.toContain('Username');
    expect(server.requests).not.toContain('POST /api/auth/login');
  });

  it('is not needed with a URL and LLAMACTL_TOKEN, even if the contexts may not be used', async () => {
    await logIn();
    const token = contexts().get('local').token ?? '';
    chmodSync(contexts().file, 0o666);
    const words = ['keys', 'ls', '--url', server.url];
    expect(await run(words)).toMatchObject({ status: 1, stderr: expect.stringContaining('is not used') as unknown });
    expect(await run(words, { environment: { LLAMACTL_TOKEN: token } })).toMatchObject({ status: 0 });
  });

  it("prints the server's refusal, and stores nothing", async () => {
    const { status, stderr } = await run(['login', 'ann', '--password-stdin', '--url', server.url], { input: 'x' });
    expect([status, stderr]).toEqual([
      4,
      'llamactl: The user name or the password is wrong.\n  for a forgotten password: docs/access.md\n',
    ]);
    expect(contexts().list()).toEqual([]);
  });

  it('does not ask for a password without accounts', async () => {
    const open = await AccessServer.open(false);
    const { status, stderr } = await run(['login', '--url', open.url], { answers: [] });
    await open.close();
    expect([status, stderr]).toEqual([0, `${open.url} has no accounts, so no log-in is needed\n`]);
    expect(contexts().list()).toEqual([]);
  });

  it('ends the line when it is cancelled', async () => {
    const { status, stderr } = await run(['login', 'ann', '--url', server.url], { answers: ['\u0003'] });
    expect([status, stderr]).toEqual([130, `Password of ann at ${server.url}: \nllamactl: interrupted\n`]);
  });

  it('does not ask for a password if no server answers', async () => {
    await server.close();
    const { status, stderr } = await run(['login', 'ann', '--url', server.url], { answers: [] });
    expect(status).toBe(5);
    expect(stderr).toContain(`No answer from ${server.url}`);
    server = await AccessServer.open();
  });

  it('suggests flags without a terminal', async () => {
    expect((await run(['login', '--url', server.url])).stderr).toContain('llamactl login USERNAME --password-stdin');
    const { status, stderr } = await run(['login', 'ann', '--url', server.url]);
    expect([status, stderr]).toEqual([2, expect.stringContaining('pipe it in, with --password-stdin')]);
  });

  it('warns of environment variables that override it', async () => {
    const environment = { LLAMACTL_TOKEN: 'llk_x', LLAMACTL_URL: 'http://other.example' };
    const { stderr } = await run(['login', 'ann', '--password-stdin', '--url', server.url], {
      input: PASSWORD,
      environment,
    });
    expect(stderr).toContain('LLAMACTL_TOKEN is set');
    expect(stderr).toContain('LLAMACTL_URL is set');
  });

  it('uses LLAMACTL_URL or LLAMACTL_CONTEXT', async () => {
    const options = { input: PASSWORD, environment: { LLAMACTL_URL: server.url } };
    await run(['login', 'ann', '--password-stdin', '--context', 'new'], options);
    expect(contexts().get('new').url).toBe(server.url);
    contexts().set('old', { url: server.url });
    await run(['login', 'ann', '--password-stdin'], { input: PASSWORD, environment: { LLAMACTL_CONTEXT: 'old' } });
    expect(contexts().get('old').username).toBe('ann');
  });
});

describe('a login at the server of this machine', () => {
  const dataDirectory = (): string => path.join(sandbox.home, '.local/share/llamactl');
  let held: HeldDirectory | null = null;
  const describeServer = (url: string): void => {
    held ??= new HeldDirectory(dataDirectory());
    held.describe(url);
  };
  afterEach(() => {
    held?.release();
    held = null;
  });
  const logInHere = (...words: string[]): Promise<RunResult> =>
    run(['login', 'ann', '--password-stdin', ...words], { input: `${PASSWORD}\n` });

  it('follows it to any later address', async () => {
    describeServer(server.url);
    const { status, stderr } = await logInHere();
    expect([status, stderr]).toEqual([0, expect.stringContaining('context local')]);
    expect(contexts().get('local')).toMatchObject({ url: server.url, data_dir: dataDirectory() });
    const next = server.url.replace('127.0.0.1', 'localhost');
    describeServer(next);
    expect((await run(['context', 'show', '-q'])).stdout).toBe(`${next}\n`);
    expect(await run(['keys', 'ls', '--json'])).toMatchObject({ status: 0, stdout: '[]\n' });
  });

  it('follows it from now on if an older log-in has its address', async () => {
    await logIn();
    expect(contexts().get('local').data_dir).toBeUndefined();
    describeServer(server.url);
    await logInHere();
    expect(contexts().get('local').data_dir).toBe(dataDirectory());
    await logInHere('--url', server.url);
    expect(contexts().get('local').data_dir).toBe(dataDirectory());
  });

  it('does not follow a context with a given address, or another server', async () => {
    describeServer('http://127.0.0.1:2');
    await logIn();
    expect(contexts().get('local').data_dir).toBeUndefined();
    await run(['context', 'add', 'mine', '--url', server.url]);
    describeServer(server.url);
    await logInHere('--context', 'mine');
    expect(contexts().get('mine').data_dir).toBeUndefined();
  });

  it('keeps the followed directory over a logout, and drops it for an address', async () => {
    describeServer(server.url);
    await logInHere();
    await run(['logout']);
    expect(contexts().get('local')).toEqual({ url: server.url, data_dir: dataDirectory() });
    await run(['context', 'add', 'local', '--url', server.url]);
    expect(contexts().get('local')).toEqual({ url: server.url });
  });

  it('sends no secret to the old address while the server does not run', async () => {
    const seen: string[] = [];
    const stranger = createServer((request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers.authorization}`);
      response.writeHead(401).end();
    });
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
    const address = stranger.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const url = `http://127.0.0.1:${address.port}`;
    describeServer(server.url);
    await logInHere();
    held?.release();
    contexts().set('local', { ...contexts().get('local'), url });
    const { token } = contexts().get('local');
    // Enough time for a renewal, too.
    await server.harness.clock.advance(1_900_000);
    const passwords = { input: `${PASSWORD}\n${PASSWORD}2\n` };
    const results = [
      await run(['keys', 'ls']),
      await run(['keys', 'ls'], { environment: { LLAMACTL_TOKEN: 'llk_mine' } }),
      await run(['users', 'password', '--password-stdin'], passwords),
      await logInHere(),
      await logInHere('--context', 'local'),
    ];
    for (const { status, stderr } of results) {
      expect([status, stderr]).toEqual([5, expect.stringContaining(`no server is running in ${dataDirectory()}`)]);
    }
    expect(await run(['token'])).toMatchObject({ status: 0, stdout: `${token}\n` });
    await run(['context', 'add', 'local', '--url', url]);
    expect(contexts().get('local')).toEqual({ url });
    contexts().set('local', { url, data_dir: dataDirectory(), ...(token !== undefined && { token }) });
    expect(await run(['logout'])).toMatchObject({
      status: 5,
      stderr: expect.stringContaining('could not be reached') as string,
    });
    stranger.close();
    expect(seen).toEqual([]);
    expect(contexts().get('local').token).toBeUndefined();
  });

  it('reports the present address if no server answers at the stored one', async () => {
    contexts().set('local', { url: 'http://127.0.0.1:2', token: 'llk_x' });
    contexts().use('local');
    describeServer(server.url);
    const expected = [
      'llamactl: No answer from http://127.0.0.1:2: nothing listens there.',
      '  http://127.0.0.1:2 is the address of the context local',
      `  a server on this machine answers at ${server.url}; to use it: llamactl context use --local`,
    ].join('\n');
    for (const [result, note] of [
      [await run(['keys', 'ls']), 'on local (http://127.0.0.1:2)\n'],
      [await logInHere(), ''],
    ] as const) {
      expect([result.status, result.stderr.startsWith(note + expected)]).toEqual([5, true]);
    }
  });

  it('does not warn of eavesdroppers for any address of this machine', async () => {
    const config = testConfig({ auth: { enabled: true }, server: { host: '0.0.0.0' } });
    const everywhere = await AccessServer.open(true, { config });
    await everywhere.harness.user('ann', 'operator');
    const url = everywhere.url.replace('127.0.0.1', '0.0.0.0');
    const { status, stderr } = await run(['login', 'ann', '--password-stdin', '--url', url], {
      input: `${PASSWORD}\n`,
    });
    await everywhere.close();
    expect([status, stderr]).toEqual([0, expect.not.stringContaining('not encrypted')]);
  });
});

describe('a token', () => {
  it('is printed alone for scripts', async () => {
    await logIn();
    const { stdout, stderr } = await run(['token']);
    expect([stdout, stderr]).toEqual([`${contexts().get('local').token}\n`, '']);
    expect(await server.harness.fate(stdout.trim())).toBe('user');
  });

  it('is renewed before printing in the second half of its validity', async () => {
    await logIn();
    const before = contexts().get('local').token;
    await server.harness.clock.advance(1_900_000);
    const { stdout } = await run(['token', '--json']);
    const { token, expires_at: expires } = JSON.parse(stdout) as { token: string; expires_at: string };
    expect(token).not.toBe(before);
    expect(contexts().get('local').token).toBe(token);
    expect(Date.parse(expires)).toBe(server.now + 3_600_000);
  });

  it('is renewed during other commands, and stored before the program ends', async () => {
    await logIn();
    const before = contexts().get('local').token ?? '';
    await server.harness.clock.advance(1_900_000);
    expect((await run(['keys', 'ls'])).status).toBe(0);
    const after = contexts().get('local').token ?? '';
    expect(after).not.toBe(before);
    await server.harness.clock.advance(31_000);
    expect([await server.harness.fate(before), await server.harness.fate(after)]).toEqual(['UNAUTHORIZED', 'user']);
  });

  it('is checked during long-running commands', async () => {
    await logIn();
    const before = contexts().get('local').token;
    await server.harness.clock.advance(1_900_000);
    // The completion of contexts sends no request.
    await run(['completion', 'words', 'context'], { onEvery: (act) => act() });
    expect(contexts().get('local').token).not.toBe(before);
  });

  it('asks for another log-in once expired', async () => {
    await logIn();
    await server.harness.clock.advance(3_600_000);
    const again = 'log in again: llamactl login\n';
    expect(await run(['token'])).toMatchObject({
      status: 4,
      stdout: '',
      stderr: expect.stringContaining(again) as string,
    });
    expect(await run(['keys', 'ls'])).toMatchObject({ status: 4, stderr: expect.stringContaining(again) as string });
  });

  it('of the environment is never changed', async () => {
    await logIn();
    const token = contexts().get('local').token ?? '';
    contexts().set('local', { url: server.url });
    await server.harness.clock.advance(1_900_000);
    const { stdout } = await run(['token'], { environment: { LLAMACTL_TOKEN: token } });
    expect(stdout).toBe(`${token}\n`);
    expect(await server.harness.fate(token)).toBe('user');
  });

  it('is an error without a log-in', async () => {
    const { status, stderr } = await run(['token', '--url', server.url]);
    expect([status, stderr]).toEqual([4, expect.stringContaining('not logged in')]);
  });

  it('of a context goes only to its address', async () => {
    await logIn();
    const seen: (string | undefined)[] = [];
    const other = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.end('{"keys": []}');
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    await run(['keys', 'ls', '--url', `http://127.0.0.1:${address.port}`]);
    other.close();
    expect(seen).toEqual([undefined]);
  });
});

describe('a logout', () => {
  it('ends the token at the server and on this machine', async () => {
    await logIn();
    const token = contexts().get('local').token ?? '';
    const { status, stderr } = await run(['logout']);
    expect([status, stderr]).toEqual([0, `logged out of ${server.url}; context local\n`]);
    expect(contexts().get('local')).toEqual({ url: server.url });
    expect(await server.harness.fate(token)).toBe('UNAUTHORIZED');
  });

  it('succeeds for a token that is already invalid', async () => {
    await logIn();
    await server.harness.clock.advance(3_600_000);
    expect((await run(['logout'])).status).toBe(0);
    expect(contexts().get('local')).toEqual({ url: server.url });
  });

  it('forgets the token if the server cannot be reached, and warns that it stays valid', async () => {
    await logIn();
    await server.close();
    const { status, stderr } = await run(['logout']);
    expect(status).toBe(5);
    expect(stderr).toContain('could not be reached, so the token stays valid until');
    expect(contexts().get('local')).toEqual({ url: server.url });
    server = await AccessServer.open();
  });

  it('of a key does not revoke the key', async () => {
    contexts().set('ci', { url: server.url, token: 'llk_x' });
    const { stderr } = await run(['logout', '--context', 'ci']);
    expect(stderr).toContain('to revoke it: llamactl keys rm');
    expect(contexts().get('ci')).toEqual({ url: server.url });
  });

  it('without a log-in succeeds', async () => {
    expect(await run(['logout', '--url', server.url])).toMatchObject({ status: 0, stdout: '' });
  });
});
