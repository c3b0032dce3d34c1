import { stripVTControlCharacters } from 'node:util';
import type { AuditRow } from '@llamactl/contract/auth';
import type { AuditQuery } from '@llamactl/server/auth/auth-ports';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PASSWORD } from '@llamactl/server/testing/auth-harness';
import { Contexts } from '../server/contexts.ts';
import { UsageLedger } from '@llamactl/server/metrics/usage-ledger';
import { FakeClock } from '@llamactl/server/testing/fake-clock';
import { AccessServer } from '@llamactl/server/testing/access-server';
import { CommandSandbox, type RunOptions, type RunResult } from '../testing/command-run.ts';

/** Users, keys and the audit trail, from an admin's view. */

let server: AccessServer;
let sandbox: CommandSandbox;
let trail: AuditRow[];
let ledger: UsageLedger;
let queries: AuditQuery[];
const read = async (query: AuditQuery): Promise<AuditRow[]> => {
  queries.push(query);
  return trail;
};

beforeEach(async () => {
  trail = [];
  queries = [];
  ledger = new UsageLedger(new FakeClock());
  server = await AccessServer.open(true, { audit: { record: () => undefined, read }, usage: ledger });
  sandbox = new CommandSandbox();
  const token = await server.harness.tokenOf('ada');
  contexts().set('here', { url: server.url, token, username: 'ada' });
  contexts().use('here');
});

afterEach(async () => {
  await server.close();
  sandbox.dispose();
});

const run = (words: string[], options: RunOptions = {}): Promise<RunResult> =>
  sandbox.run(words, { now: server.now, ...options });
const contexts = (): Contexts => new Contexts(`${sandbox.home}/.config/llamactl/contexts.json`);
const NEW = 'another horse battery';
/** The cells of a table, without colours. */
const rowsOf = (output: string): string[][] =>
  stripVTControlCharacters(output)
    .split('\n')
    .map((line) => line.trim().split(/ {2,}/));

describe('sessions', () => {
  it('lists log-ins with their clients, and ends them', async () => {
    const { sessions } = server.harness.auth;
    const phone = { address: '192.0.2.9', userAgent: 'a phone' };
    const { token } = await sessions.login({ username: 'ada', password: PASSWORD }, phone);
    const [other = '', own = ''] = (await run(['sessions', 'ls', '-q'])).stdout.split('\n');
    const { stdout } = await run(['sessions', 'ls'], { columns: 160 });
    expect(rowsOf(stdout).slice(0, 3)).toEqual([
      ['ID', 'LOGGED IN', 'LAST USED', 'BY', 'FROM', 'EXPIRES', 'ENDS'],
      [other, '0s ago', '< 1 min ago', 'a phone', '192.0.2.9', 'in 1h 0m', 'in 30d 0h'],
      [`${own} *`, '0s ago', '< 1 min ago', 'unknown', '192.0.2.1', 'in 1h 0m', 'in 30d 0h'],
    ]);
    expect(JSON.parse((await run(['sessions', 'ls', '--json'])).stdout)).toHaveLength(2);

    const ended = await run(['sessions', 'rm', other, 'nothing']);
    expect([ended.status, ended.stdout]).toEqual([3, `${other} ended\n`]);
    expect(await server.harness.fate(token)).toBe('UNAUTHORIZED');
    expect((await run(['sessions', 'ls', '-q'])).stdout).toBe(`${own}\n`);
  });
});

describe('sessions of an account', () => {
  it('lists and ends them as an admin, one or all', async () => {
    await server.harness.user('ann', 'operator');
    const tokens = [await server.harness.tokenOf('ann'), await server.harness.tokenOf('ann')];
    const [newest = '', oldest = ''] = (await run(['sessions', 'ls', '--user', 'ann', '-q'])).stdout.split('\n');
    const ended = await run(['sessions', 'rm', newest, '--user', 'ann']);
    expect([ended.status, ended.stdout]).toEqual([0, `${newest} ended\n`]);
    expect((await run(['sessions', 'rm', '--all', '--user', 'ann'])).stdout).toBe(`${oldest} ended\n`);
    for (const token of tokens) expect(await server.harness.fate(token)).toBe('UNAUTHORIZED');
    expect((await run(['sessions', 'ls', '-q'])).stdout.split('\n')).toHaveLength(2);
    expect((await run(['sessions', 'ls', '--user', 'eve'])).status).toBe(3);
  });
});

describe('usage', () => {
  it('lists requests and tokens by key, account and instance', async () => {
    const { id } = (await server.harness.auth.keys.create(await server.harness.loggedIn('ada'), { name: 'editor' }))
      .info;
    const account = { id: server.harness.auth.accounts.named('ada')?.id ?? '', name: 'ada' };
    const figures = { outcome: 'other' as const, tokensIn: 1_234, tokensOut: 56 };
    ledger.add({ account, key: { id, name: 'editor' }, instance: { id: 'gone', name: 'chat' }, ...figures });
    ledger.add({ account: null, key: null, instance: null, ...figures, outcome: 'refused', tokensIn: 0, tokensOut: 0 });
    const rows = async (...words: string[]): Promise<string[][]> =>
      rowsOf((await run(['usage', ...words], { columns: 160 })).stdout).slice(0, -1);
    expect(await rows()).toEqual([
      ['NAME', 'ID', 'OWNER', 'REQUESTS', 'REFUSED', 'FAILED', 'TOKENS IN', 'TOKENS OUT', 'LAST USED'],
      ['editor', id, 'ada', '1', '0', '0', '1.2k', '56', '0s ago'],
    ]);
    expect(await rows('--by', 'user', '--window', '7d')).toEqual([
      ['USER', 'REQUESTS', 'REFUSED', 'FAILED', 'TOKENS IN', 'TOKENS OUT', 'LAST USED'],
      ['ada', '1', '0', '0', '1.2k', '56', '0s ago'],
      ['no account', '1', '1', '0', '0', '0', '0s ago'],
    ]);
    expect((await rows('--by', 'instance')).map(([name]) => name)).toEqual([
      'INSTANCE',
      'chat (deleted)',
      'no instance',
    ]);
    expect((await run(['usage', '-q'])).stdout).toBe(`${id}\n`);
    expect(JSON.parse((await run(['usage', '--json'])).stdout)).toMatchObject({ by: 'key', usage: [{ id }] });
    expect((await run(['usage', '--window', '31d'])).status).toBe(1);
  });

  it('says since when nothing was used', async () => {
    expect((await run(['usage'])).stderr).toMatch(
      /^no requests with keys since .*; to see all requests: llamactl usage --by instance\n$/,
    );
    expect((await run(['usage', '--by', 'user'])).stderr).toMatch(/^no requests of accounts since .* --by instance\n$/);
    expect((await run(['usage', '--by', 'instance'])).stderr).toMatch(/^no requests since \S+ \S+\n$/);
  });
});

describe('a key', () => {
  it('is created with a warning if another has its name', async () => {
    const first = await run(['keys', 'create', 'dup']);
    expect(first.stderr).not.toContain('warning');
    const id = (await run(['keys', 'ls', '-q'])).stdout.trim();
    const { status, stdout, stderr } = await run(['keys', 'create', 'dup']);
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^\S+\n$/)]);
    expect(stderr).toContain(`warning: your key ${id} has the name dup too; to revoke it: llamactl keys rm ${id}\n`);
  });

  it('gets another name and end', async () => {
    await run(['keys', 'create', 'editor']);
    const { stdout } = await run(['keys', 'edit', 'editor', '--name', 'laptop', '--expires', '30d']);
    expect(stdout).toMatch(/^laptop \(\w+\) updated: key for ada, scope inference, all instances, valid until /);
    const [, row] = rowsOf((await run(['keys', 'ls'], { columns: 160 })).stdout);
    expect([row?.[0], row?.at(-2)]).toEqual(['laptop', 'in 30d 0h']);
    const never = await run(['keys', 'edit', 'laptop', '--expires', 'never', '--json']);
    expect(JSON.parse(never.stdout)).toMatchObject({ name: 'laptop', expires_at: null });
  });

  it.each([
    [['keys', 'edit', 'editor'], 2, 'nothing to change'],
    [['keys', 'edit', 'none', '--name', 'x'], 3, 'none'],
    [['keys', 'edit', 'editor', '--expires', '2020-01-01'], 2, 'in the past'],
  ])('is not changed by %j', async (words, status, reason) => {
    await run(['keys', 'create', 'editor']);
    expect(await run(words)).toMatchObject({ status, stderr: expect.stringContaining(reason) as string });
  });
});

describe('limits', () => {
  it('are set with an account and a key, changed, and listed', async () => {
    const create = ['users', 'create', 'ann', '--role', 'operator', '--password-stdin', '--max-in-flight', '2'];
    expect((await run(create, { input: PASSWORD })).status).toBe(0);
    await run(['users', 'update', 'ann', '--requests-per-minute', '60', '--tokens-per-minute', '9000']);
    const key = await run(['keys', 'create', 'editor', '--owner', 'ann', '--max-in-flight', '1']);
    expect(key.stderr).toContain('all instances, at most 1 at once, valid until revoked');
    const users = rowsOf((await run(['users', 'ls'], { columns: 160 })).stdout);
    expect(users[0]?.at(-1)).toBe('LIMITS');
    expect(users.find(([name]) => name === 'ann')?.at(-1)).toBe('2 at once, 60 requests/min, 9000 tokens/min');
    expect(rowsOf((await run(['keys', 'ls'], { columns: 160 })).stdout)[1]?.at(-1)).toBe('1 at once');
  });

  it('of a key cannot exceed those of its account', async () => {
    await server.harness.user('ann', 'operator');
    await run(['users', 'update', 'ann', '--max-in-flight', '2']);
    const { status, stderr } = await run(['keys', 'create', 'editor', '--owner', 'ann', '--max-in-flight', '3']);
    expect([status, stderr]).toEqual([1, expect.stringContaining('must be at most 2, the limit of the account ann')]);
  });
});

describe('users', () => {
  it('creates an account with a password typed twice', async () => {
    const words = ['users', 'create', 'ann', '--role', 'operator'];
    const { status, stdout, stderr } = await run(words, { answers: [PASSWORD, PASSWORD] });
    expect([status, stdout]).toEqual([0, 'ann created, operator\n']);
    expect(stderr).not.toContain(PASSWORD);
    expect(server.harness.auth.accounts.named('ann')).toMatchObject({ role: 'operator' });
  });

  it('refuses two different passwords', async () => {
    const { status } = await run(['users', 'create', 'ann', '--role', 'viewer'], { answers: [PASSWORD, 'x'] });
    expect([status, server.harness.auth.accounts.named('ann')]).toEqual([2, undefined]);
  });

  it('reads a password from a script without its line feed', async () => {
    const words = ['users', 'create', 'ann', '--role', 'viewer', '--password-stdin', '-q'];
    expect((await run(words, { input: `${PASSWORD}\n` })).stdout).toBe('ann\n');
    await expect(server.harness.tokenOf('ann')).resolves.toEqual(expect.any(String));
  });

  it('requires an existing role', async () => {
    expect(await run(['users', 'create', 'ann'])).toMatchObject({ status: 2 });
    const { status, stderr } = await run(['users', 'create', 'ann', '--role', 'root']);
    expect([status, stderr]).toEqual([2, expect.stringContaining('viewer, operator, admin')]);
  });

  it('lists accounts', async () => {
    await server.harness.user('ann', 'viewer');
    await server.harness.auth.accounts.update('ann', { disabled: true });
    const { stdout } = await run(['users', 'ls'], { columns: 80 });
    expect(rowsOf(stdout)).toEqual(
      expect.arrayContaining([
        ['USERNAME', 'ROLE', 'STATE', 'LAST LOG-IN'],
        ['ann', 'viewer', 'disabled', 'never'],
      ]),
    );
    expect((await run(['users', 'ls', '-q'])).stdout).toBe('ada\nann\n');
    expect(JSON.parse((await run(['users', 'ls', '--json'])).stdout)).toHaveLength(2);
  });

  it('changes only the given fields', async () => {
    await server.harness.user('ann', 'viewer');
    expect((await run(['users', 'update', 'ann', '--role', 'operator'])).stdout).toBe(
      'ann updated: operator, enabled\n',
    );
    expect((await run(['users', 'update', 'ann', '--disable'])).stdout).toBe('ann updated: operator, disabled\n');
    expect((await run(['users', 'update', 'ann', '--enable'])).stdout).toBe('ann updated: operator, enabled\n');
    await run(['users', 'update', 'ann', '--password-stdin'], { input: NEW });
    await expect(
      server.harness.auth.sessions.login({ username: 'ann', password: NEW }, { address: '::1', userAgent: null }),
    ).resolves.toBeDefined();
  });

  it('refuses empty and contradictory changes', async () => {
    await server.harness.user('ann', 'viewer');
    expect(await run(['users', 'update', 'ann'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--role') as string,
    });
    expect((await run(['users', 'update', 'ann', '--enable', '--disable'])).status).toBe(2);
  });

  it('names the nearest account for an unknown one', async () => {
    await server.harness.user('annabel', 'viewer');
    for (const words of [
      ['rm', 'anabel'],
      ['update', 'anabel', '--disable'],
    ])
      expect(await run(['users', ...words])).toMatchObject({
        status: 3,
        stderr: 'llamactl: there is no account anabel; did you mean annabel?\n',
      });
  });

  it('deletes existing accounts, and exits with the worst status', async () => {
    await server.harness.user('ann', 'viewer');
    const { status, stdout, stderr } = await run(['users', 'rm', 'bob', 'ann']);
    expect([status, stdout]).toEqual([3, 'ann deleted\n']);
    expect(stderr).toMatch(/^llamactl: there is no account bob; to list accounts: llamactl users ls\n/);
  });

  it('is for admins only', async () => {
    const environment = { LLAMACTL_TOKEN: await server.harness.tokenOf('eve', 'viewer') };
    expect((await run(['users', 'ls'], { environment })).status).toBe(4);
  });
});

describe('users password', () => {
  it('changes the password and logs in again', async () => {
    const { status, stderr } = await run(['users', 'password'], { answers: [PASSWORD, NEW, NEW] });
    expect([status, stderr]).toEqual([0, expect.stringContaining('password changed')]);
    expect(stderr).not.toContain(NEW);
    expect((await run(['users', 'ls'])).status).toBe(0);
  });

  it('reads two lines from a script', async () => {
    expect((await run(['users', 'password', '--password-stdin'], { input: `${PASSWORD}\n${NEW}\n` })).status).toBe(0);
    expect((await run(['users', 'password', '--password-stdin'], { input: `${NEW}\n` })).status).toBe(2);
  });

  it('changes nothing if the present password is wrong', async () => {
    const { status, stderr } = await run(['users', 'password', '--password-stdin'], { input: `x\n${NEW}\n` });
    expect([status, stderr]).toEqual([4, expect.stringContaining('The current password is wrong.')]);
    expect((await run(['users', 'ls'])).status).toBe(0);
  });

  it('blames LLAMACTL_TOKEN if the server rejects its token', async () => {
    const { status, stderr } = await run(['users', 'ls'], { environment: { LLAMACTL_TOKEN: 'wrong' } });
    expect([status, stderr]).toEqual([
      4,
      expect.stringMatching(
        /^llamactl: the server rejected the token in LLAMACTL_TOKEN: .*\n {2}set LLAMACTL_TOKEN to /,
      ),
    ]);
    expect(stderr).not.toContain('log in again');
  });

  it('reports that a token of the environment is revoked', async () => {
    const environment = { LLAMACTL_TOKEN: contexts().get('here').token ?? '' };
    contexts().set('here', { url: server.url });
    const { stderr } = await run(['users', 'password', '--password-stdin'], {
      input: `${PASSWORD}\n${NEW}\n`,
      environment,
    });
    expect(stderr).toContain('log in again: llamactl login');
  });
});

describe('keys', () => {
  it('prints a new key alone, once, and it works', async () => {
    const { status, stdout, stderr } = await run(['keys', 'create', 'editor']);
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^llk_\S+\n$/)]);
    expect(stderr).toContain('key for ada, scope inference, all instances, valid until revoked\n');
    expect(await server.harness.fate(stdout.trim())).toBe('key');
    expect((await run(['keys', 'ls'])).stdout).not.toContain(stdout.trim());
  });

  it('grants the given scopes, instances and expiry', async () => {
    server.harness.instances.set('qwen', 'id-of-qwen');
    await server.harness.user('ann', 'operator');
    const flags = ['--scope', 'viewer', '--scope', 'metrics', '--instance', 'qwen', '--no-start', '--expires', '1d'];
    const { stdout, stderr } = await run(['keys', 'create', 'ci', ...flags, '--owner', 'ann', '--json']);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({
      key: expect.stringMatching(/^llk_/) as string,
      info: {
        name: 'ci',
        owner: 'ann',
        scopes: ['viewer', 'metrics'],
        instances: ['qwen'],
        may_start: false,
        expires_at: new Date(server.now + 86_400_000).toISOString(),
      },
    });
  });

  it('reports every problem of an invalid key', async () => {
    expect(await run(['keys', 'create', 'x', '--scope', 'all'])).toMatchObject({ status: 2, stdout: '' });
    expect(await run(['keys', 'create', 'x', '--expires', 'never'])).toMatchObject({ status: 2, stdout: '' });
    const { status, stderr } = await run(['keys', 'create', 'x', '--instance', 'none']);
    expect(status).toBe(1);
    expect(stderr).toContain('instances.0 cannot be "none": no instance has this name');
  });

  it('lists keys within the terminal', async () => {
    await run(['keys', 'create', 'the key of an editor on a laptop far away', '--expires', '30d']);
    const { stdout } = await run(['keys', 'ls'], { columns: 80 });
    expect(
      stripVTControlCharacters(stdout)
        .split('\n')
        .every((line) => line.length <= 80),
    ).toBe(true);
    const wide = (await run(['keys', 'ls'])).stdout;
    expect(wide).toMatch(/^NAME +ID +OWNER +SCOPES +INSTANCES +EXPIRES +LAST USED\n/);
    expect(wide).toMatch(/far away +[0-9a-f]+ +ada +inference +all +in 30d 0h +never\n$/);
  });

  it('revokes by id, or by a unique name', async () => {
    await run(['keys', 'create', 'twice']);
    await run(['keys', 'create', 'twice']);
    await run(['keys', 'create', 'once']);
    const { status, stderr } = await run(['keys', 'rm', 'once', 'twice']);
    expect([status, stderr]).toEqual([2, expect.stringContaining('2 keys are called twice')]);
    expect((await run(['keys', 'rm', 'once'])).stdout).toMatch(/^once \([0-9a-f]+\) revoked\n$/);
    const ids = (await run(['keys', 'ls', '-q'])).stdout.trim().split('\n');
    expect(ids).toHaveLength(2);
    expect((await run(['keys', 'rm', ...ids, '-q'])).stdout).toBe(`${ids.join('\n')}\n`);
    expect(await run(['keys', 'rm', 'none'])).toMatchObject({ status: 3, stdout: '' });
  });
});

describe('audit', () => {
  it('prints a table of who changed what', async () => {
    const row = { seq: 7, timestamp: '2026-03-01T12:00:00Z', address: '::1', request_id: 'r' };
    trail = [
      { ...row, subject: 'user:ann', action: 'deleteInstance', target: 'qwen', status: 403 },
      { ...row, subject: 'anonymous', action: 'login', target: null, status: 401 },
    ];
    const { stdout } = await run(['audit']);
    expect(rowsOf(stdout).slice(0, 3)).toEqual([
      ['TIME', 'WHO', 'ACTION', 'TARGET', 'STATUS', 'FROM'],
      [expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/), 'ann', 'delete instance', 'qwen', '403', '::1'],
      [expect.any(String), '-', 'login', '-', '401', '::1'],
    ]);
    expect(JSON.parse((await run(['audit', '--json'])).stdout)).toEqual(trail);
  });

  it('prints old and new values with -o wide', async () => {
    const row = { seq: 7, timestamp: '2026-03-01T12:00:00Z', address: '::1', request_id: 'r', subject: 'user:ann' };
    const changes = [{ path: 'options.ctx_size', before: 4096, after: 8192 }];
    trail = [
      { ...row, action: 'updateInstance', target: 'qwen', status: 200, changes },
      { ...row, action: 'login', target: null, status: 200 },
    ];
    const lines = rowsOf((await run(['audit', '-o', 'wide'])).stdout);
    expect(lines.slice(0, 3).map((line) => line.slice(-2))).toEqual([
      ['FROM', 'CHANGES'],
      ['::1', 'options.ctx_size: 4096 → 8192'],
      ['::1', '-'],
    ]);
    expect(JSON.parse((await run(['audit', '--json'])).stdout)).toEqual(trail);
  });

  it('asks for a period and a status', async () => {
    const until = new Date(server.now - 3_600_000).toISOString();
    await run(['audit', '--since', '24h', '--until', until, '--status', '4xx']);
    expect(queries.at(-1)).toMatchObject({
      since: new Date(server.now - 86_400_000).toISOString(),
      until,
      statuses: [400, 499],
    });
    expect(await run(['audit', '--since', 'yesterday'])).toMatchObject({ status: 2 });
    expect((await run(['audit', '--status', 'bad'])).stderr).toContain('must be a status such as 403');
  });

  it('reports an empty result', async () => {
    expect(await run(['audit', '--subject', 'ann'])).toMatchObject({ status: 0, stdout: '' });
    expect(await run(['audit', '-n', '0'])).toMatchObject({ status: 2 });
  });
});

describe('keys without accounts', () => {
  it('are not needed, and can be created for an account in advance', async () => {
    const open = await AccessServer.open(false);
    const create = (...words: string[]): Promise<RunResult> =>
      sandbox.run(['keys', 'create', 'editor', ...words], { environment: { LLAMACTL_URL: open.url } });
    const { status, stderr } = await create();
    expect([status, stderr]).toEqual([
      1,
      'llamactl: Accounts are off, so no key is needed.\n' +
        '  to turn accounts on: llamactl config set auth.enabled=true, then llamactl reload\n' +
        '  to create a key in advance: --owner USERNAME\n',
    ]);
    expect((await create('--owner', 'unknown')).stderr).toContain(
      'owner is not an account; llamactl users ls lists them',
    );
    await open.close();
  });
});
