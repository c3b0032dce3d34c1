import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Contexts } from './contexts.ts';
import { HeldDirectory } from '../testing/held-directory.ts';
import {
  configuredAddress,
  DEFAULT_URL,
  serverAddress,
  type AddressFlags,
  type ServerAddress,
} from './server-address.ts';

let home: string;
let contexts: Contexts;

beforeEach(() => {
  home = mkdtempSync(path.join(os.tmpdir(), 'llamactl-address-'));
  contexts = new Contexts(path.join(home, 'contexts.json'));
  contexts.set('gpu', { url: 'https://gpu.example/llm', token: 'of-gpu' });
  contexts.set('desk', { url: 'http://desk.example' });
});
afterEach(() => {
  for (const server of servers.splice(0)) server.release();
  rmSync(home, { recursive: true });
});

const address = (flags: AddressFlags = {}, environment: Record<string, string> = {}): ServerAddress =>
  serverAddress({ flags, environment, contexts, home });

const servers: HeldDirectory[] = [];

/** Describes a running server of this machine. */
function describeLocal(url: string, folder = path.join(home, '.local/share/llamactl')): HeldDirectory {
  const server = new HeldDirectory(folder);
  servers.push(server);
  server.describe(url);
  return server;
}

describe('an address that is typed', () => {
  it.each([
    ['127.0.0.1:18701', 'http://127.0.0.1:18701'],
    ['gpu', 'http://gpu'],
    ['http://gpu:8080/v1', 'http://gpu:8080'],
    ['gpu.example/llm/v1/', 'http://gpu.example/llm'],
  ])('may lack the protocol, and may be that for OpenAI clients: %s', (text, url) => {
    expect(address({ url: text }).url).toBe(url);
    expect(address({}, { LLAMACTL_URL: text }).url).toBe(url);
  });

  it('of a context gets the token of the context', () => {
    expect(address({ url: 'https://gpu.example/llm/v1' })).toMatchObject({ context: 'gpu', token: 'of-gpu' });
  });
});

describe('serverAddress', () => {
  it('is found in order of precedence', () => {
    const environment = { LLAMACTL_URL: 'http://u', LLAMACTL_CONTEXT: 'desk' };
    const cases: [AddressFlags, Record<string, string>, string][] = [
      [{ url: 'http://flag', context: 'gpu' }, environment, 'http://flag'],
      [{ context: 'gpu' }, environment, 'https://gpu.example/llm'],
      [{}, environment, 'http://u'],
      [{}, { ...environment, LLAMACTL_URL: '' }, 'http://desk.example'],
    ];
    for (const [flags, variables, url] of cases) expect(address(flags, variables).url).toBe(url);
    contexts.use('gpu');
    expect(address()).toMatchObject({ url: 'https://gpu.example/llm', context: 'gpu', source: 'the context gpu' });
    contexts.use(null);
    expect(address()).toEqual({
      url: DEFAULT_URL,
      token: null,
      context: null,
      source: 'the default',
      dataDirectory: null,
    });
  });

  it('passes over a context that follows another data directory than the one that is named', () => {
    const [old, moved] = [path.join(home, 'old'), path.join(home, 'moved')];
    describeLocal('http://127.0.0.1:18701', old);
    describeLocal('http://127.0.0.1:18702', moved);
    contexts.set('local', { url: 'http://127.0.0.1:18701', data_dir: old, token: 'of-old' });
    contexts.use('local');
    expect(address()).toMatchObject({ url: 'http://127.0.0.1:18701', token: 'of-old' });
    expect(address({}, { LLAMACTL_DATA_DIR: moved })).toMatchObject({ url: 'http://127.0.0.1:18702', token: null });
    contexts.use('gpu');
    expect(address({}, { LLAMACTL_DATA_DIR: moved })).toMatchObject({ context: 'gpu' });
  });

  it('passes over a context whose server is gone while the configured one runs, as after a move of its data', async () => {
    const [old, moved] = [path.join(home, 'old'), path.join(home, 'moved')];
    const file = path.join(home, 'llamactl.yaml');
    writeFileSync(file, `data_dir: ${moved}\n`, { mode: 0o600 });
    contexts.set('local', { url: 'http://127.0.0.1:18701', data_dir: old, token: 'of-old' });
    contexts.use('local');
    const found = () => configuredAddress({ flags: {}, environment: { LLAMACTL_CONFIG: file }, contexts, home });
    expect(await found()).toMatchObject({ context: 'local', dataDirectory: old });
    describeLocal('http://127.0.0.1:18702', moved);
    expect(await found()).toMatchObject({ url: 'http://127.0.0.1:18702', token: null, dataDirectory: moved });
  });

  it('finds the server that runs on this machine, on any port', () => {
    describeLocal('http://127.0.0.1:9000');
    expect(address().url).toBe('http://127.0.0.1:9000');
    const folder = path.join(home, 'elsewhere');
    describeLocal('http://127.0.0.1:9001', folder);
    expect(address({}, { LLAMACTL_DATA_DIR: folder }).url).toBe('http://127.0.0.1:9001');
  });

  it('ignores a dead server and an invalid description', () => {
    const server = describeLocal('http://127.0.0.1:9000');
    for (const said of [{ url: 'http://127.0.0.1:9000', pid: 2 ** 30 }, { url: 5, pid: process.pid }, {}]) {
      server.write(said);
      expect(address().url).toBe(DEFAULT_URL);
    }
  });

  it('requires an existing context', () => {
    expect(() => address({ context: 'gone' })).toThrow('there is no context gone');
  });
});

describe('the configured server of this machine', () => {
  const configured = (flags: AddressFlags = {}, variables: Record<string, string> = {}): Promise<ServerAddress> =>
    configuredAddress({
      flags,
      environment: { LLAMACTL_CONFIG: path.join(home, 'own.yaml'), ...variables },
      contexts,
      home,
    });
  const configure = (text: string): void => writeFileSync(path.join(home, 'own.yaml'), text);

  it('is found in its data directory', async () => {
    const folder = path.join(home, 'elsewhere');
    configure(`data_dir: ${folder}\nserver: { port: 18480 }\n`);
    const file = path.join(folder, 'server.json');
    describeLocal('http://127.0.0.1:9000', folder);
    expect(await configured()).toMatchObject({ url: 'http://127.0.0.1:9000', source: file, dataDirectory: folder });
  });

  it('has the port of the file while it does not run', async () => {
    configure('server: { port: 18480, host: localhost }\n');
    const file = path.join(home, 'own.yaml');
    const dataDirectory = path.join(home, '.local/share/llamactl');
    const url = 'http://127.0.0.1:18480';
    expect(await configured()).toEqual({
      url,
      token: null,
      context: null,
      source: file,
      dataDirectory: null,
      expected: { url, dataDirectory, file },
    });
  });

  it('names the variable that has the port, rather than the file', async () => {
    configure('instances: { max_running: 2 }\n');
    const { url, source } = await configured({}, { LLAMACTL_SERVER_PORT: '18481' });
    expect([url, source]).toEqual(['http://127.0.0.1:18481', 'LLAMACTL_SERVER_PORT']);
  });

  it('does not matter when the command line names a server, or the file is invalid', async () => {
    configure('server: { prot: 18480 }\n');
    expect(await configured({ url: 'http://flag' })).toMatchObject({ url: 'http://flag' });
    expect(await configured()).toMatchObject({ url: DEFAULT_URL, source: 'the default' });
  });

  it('gets no token that is not for its data directory', async () => {
    configure('server: { port: 18480 }\n');
    const environment = { LLAMACTL_TOKEN: 'mine', LLAMACTL_CONFIG: path.join(home, 'own.yaml') };
    expect(await configuredAddress({ flags: {}, environment, contexts, home })).toMatchObject({
      url: 'http://127.0.0.1:18480',
      token: null,
      isTokenKept: true,
    });
  });
});

describe('a context that follows the server of this machine', () => {
  it('uses its data directory, wherever the server listens', () => {
    const dataDirectory = path.join(home, '.local/share/llamactl');
    contexts.set('local', { url: 'http://127.0.0.1:8080', data_dir: dataDirectory, token: 'of-local' });
    contexts.use('local');
    const expected = { token: 'of-local', context: 'local', dataDirectory };
    expect(address()).toMatchObject({ ...expected, url: 'http://127.0.0.1:8080' });
    describeLocal('http://127.0.0.1:8090');
    expect(address()).toMatchObject({ ...expected, url: 'http://127.0.0.1:8090' });
    expect(address({}, { LLAMACTL_DATA_DIR: path.join(home, 'other') })).toMatchObject(expected);
    contexts.use(null);
    expect(address()).toMatchObject({ ...expected, url: 'http://127.0.0.1:8090' });
  });
});

describe('credentials', () => {
  const followed = { url: 'http://127.0.0.1:8080', token: 'of-local' };

  it('come from the context with exactly this URL, if another one follows a running server', () => {
    const dataDirectory = path.join(home, '.local/share/llamactl');
    contexts.set('a', { ...followed, data_dir: dataDirectory });
    contexts.set('b', { url: followed.url, token: 'of-b' });
    describeLocal(followed.url);
    expect(address({ url: followed.url })).toMatchObject({ token: 'of-b', context: 'b' });
    expect(address({}, { LLAMACTL_URL: followed.url })).toMatchObject({ token: 'of-b', context: 'b' });
    expect(address()).toMatchObject({ token: 'of-local', context: 'a', dataDirectory });
  });

  it('of a context that follows a server do not go to its old address', () => {
    contexts.set('local', { ...followed, data_dir: path.join(home, '.local/share/llamactl') });
    expect(address({ url: followed.url })).toMatchObject({ token: null, context: null });
    describeLocal(followed.url);
    expect(address({ url: followed.url })).toMatchObject({ token: 'of-local', context: 'local' });
  });

  it('of a context go only to its address, however it was named', () => {
    expect(address({ context: 'gpu' }).token).toBe('of-gpu');
    expect(address({ url: 'https://gpu.example/llm/' })).toMatchObject({ token: 'of-gpu', context: 'gpu' });
    expect(address({ url: 'https://gpu.example' })).toMatchObject({ token: null, context: null });
    contexts.use('gpu');
    expect(address({}, { LLAMACTL_URL: 'http://other' }).token).toBeNull();
  });

  it('of the environment go to a named address', () => {
    for (const flags of [{ url: 'http://x' }, { context: 'gpu' }]) {
      expect(address(flags, { LLAMACTL_TOKEN: 'mine' }).token).toBe('mine');
    }
    expect(address({}, { LLAMACTL_TOKEN: 'mine', LLAMACTL_URL: DEFAULT_URL }).token).toBe('mine');
    contexts.use('gpu');
    expect(address({}, { LLAMACTL_TOKEN: 'mine' }).token).toBe('mine');
    expect(address({ context: 'gpu' }, { LLAMACTL_TOKEN: '' }).token).toBe('of-gpu');
  });

  it('of the environment go to the server of this machine, and to no other process at the default address', () => {
    const environment = { LLAMACTL_TOKEN: 'mine' };
    expect(address({}, environment)).toMatchObject({ url: DEFAULT_URL, token: null, isTokenKept: true });
    const server = describeLocal(DEFAULT_URL);
    expect(address({}, environment)).toMatchObject({ url: DEFAULT_URL, token: 'mine' });
    server.release();
    server.write({ pid: process.pid, url: DEFAULT_URL });
    expect(address({}, environment)).toMatchObject({ token: null, isTokenKept: true });
  });
});
