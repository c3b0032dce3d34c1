import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Client, type ClientOptions, ForbiddenError, type Frame, UnauthorizedError } from '@llamactl/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testModel } from '../scripts/test-assets.ts';
import { ServerProcess } from './server-process.ts';
import { StreamReader } from './stream-reader.ts';

/** The client library against the real program with accounts on. */

let server: ServerProcess;

afterEach(() => server.dispose());

const connect = (options: ClientOptions = {}): Client => new Client({ url: server.url, ...options });
const adminPassword = async (): Promise<string> =>
  (await readFile(path.join(server.dataDirectory, 'admin-password'), 'utf8')).trim();

describe('a client with accounts', () => {
  beforeEach(async () => {
    server = await ServerProcess.create('auth: { enabled: true }');
    await server.start();
  });

  it('logs in, asks for another token when one has ended, and stops when there is none', async () => {
    const password = await adminPassword();
    const anybody = connect();
    await expect(anybody.listInstances()).rejects.toMatchObject({ name: 'UnauthorizedError', code: 'UNAUTHORIZED' });
    expect(await anybody.getReadiness()).toEqual({ status: 'ok' });
    await expect(anybody.events().next()).rejects.toThrow(UnauthorizedError);
    await expect(anybody.login({ username: 'admin', password: 'wrong' })).rejects.toMatchObject({
      code: 'INVALID_CREDENTIALS',
    });
    const login = async (): Promise<string> => (await anybody.login({ username: 'admin', password })).token;

    const tokens = [await login()];
    const asked: string[] = [];
    const token = async (): Promise<string> => {
      const newest = tokens.at(-1) ?? '';
      asked.push(newest);
      return newest;
    };
    const client = connect({ token });
    await client.createInstance({ name: 'a', model_path: await testModel() });
    const events = new StreamReader<Frame>(client.events({ after_seq: 0 }));
    await events.until((frames) => frames.some(({ type }) => type === 'instance_created'));

    // The old one ends; from then on there is another.
    tokens.push(await login());
    const fixed = connect({ token: tokens[0] });
    await fixed.logout();
    await expect(fixed.listInstances()).rejects.toThrow(UnauthorizedError);
    await expect(fixed.followLogs('a').next()).rejects.toThrow(UnauthorizedError);
    expect((await client.listInstances()).map(({ name }) => name)).toEqual(['a']);
    await client.deleteInstance('a');
    await events.until((frames) => frames.some(({ type }) => type === 'instance_deleted'));
    expect(asked.at(-1)).toBe(tokens[1]);

    await connect({ token: tokens[1] }).logout();
    await expect(events.ended).rejects.toThrow(UnauthorizedError);
    await expect(client.listUsers()).rejects.toThrow(UnauthorizedError);
  });

  it('outlives its token, if it is given another', async () => {
    await server.end('SIGTERM');
    await server.configure('auth: { enabled: true, token_ttl: 2s }');
    await server.start();
    const password = await adminPassword();
    const login = async (): Promise<string> => (await connect().login({ username: 'admin', password })).token;
    const fixed = connect({ token: await login() });
    const tokens: string[] = [];
    const renewing = connect({
      token: async () => {
        tokens.push(await login());
        return tokens.at(-1) ?? null;
      },
    });
    const stop = new AbortController();
    const events = new StreamReader<Frame>(renewing.events({ signal: stop.signal }));
    const everMore = async (): Promise<never> => {
      for (;;) await fixed.listInstances();
    };
    await expect(everMore()).rejects.toMatchObject({ name: 'UnauthorizedError', code: 'TOKEN_EXPIRED' });
    while (tokens.length < 4) await connect().getLiveness();
    await renewing.createInstance({ name: 'a', model_path: await testModel() });
    await events.until((frames) => frames.some(({ type }) => type === 'instance_created'));
    stop.abort();
    await expect(events.ended).rejects.toThrow('aborted');
  });

  it('works with a key, in no more than that may', async () => {
    const password = await adminPassword();
    const { token } = await connect().login({ username: 'admin', password });
    const admin = connect({ token });
    const { key, info } = await admin.createKey({ name: 'dashboard', scopes: ['viewer'] });
    const viewer = connect({ token: key });
    expect(await viewer.listInstances()).toEqual([]);
    await expect(viewer.createInstance({ name: 'x' })).rejects.toThrow(ForbiddenError);
    await admin.deleteKey(info.id);
    await expect(viewer.listInstances()).rejects.toThrow(UnauthorizedError);
    const filter = { action: 'createKey' };
    const rows = await admin.getAudit(filter);
    expect(rows.map(({ target }) => target)).toEqual([`${info.id} (dashboard)`]);
    const trail = new StreamReader(admin.streamAudit(filter));
    await trail.ended;
    expect(trail.items).toEqual(rows);
  });
});
