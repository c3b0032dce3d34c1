import { readFileSync } from 'node:fs';
import { ConfigViewSchema, ConfigWrittenSchema } from '@llamactl/contract/config';
import type { LightMyRequestResponse } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CONFIG_FILE, ConfigSandbox } from '../../testing/config-sandbox.ts';
import { errorOf, testServer, type TestServer } from '../../testing/http-harness.ts';

const URL = '/api/config';

let sandbox: ConfigSandbox;
let path: string;
let test: TestServer;

beforeEach(() => {
  sandbox = new ConfigSandbox();
  path = sandbox.inHome(CONFIG_FILE);
  test = testServer({ configEditor: sandbox.editor({ environment: { LLAMACTL_STATS_INTERVAL: '1' } }) });
});
afterEach(() => {
  sandbox.dispose();
});

const put = async (payload?: object): Promise<LightMyRequestResponse> =>
  test.inject({ method: 'PUT', url: URL, ...(payload === undefined ? {} : { payload }) });

describe('GET /config', () => {
  it('returns the configuration, its sources and its file', async () => {
    const answer = await test.inject({ url: URL });
    expect(answer.statusCode).toBe(200);
    expect(ConfigViewSchema.strict().parse(answer.json())).toMatchObject({
      config: { server: { port: 9000 }, models: { hf_token: '***' }, alerts: { webhook: '***' } },
      sources: {
        'server.port': { from: 'file', line: 3 },
        'stats.interval': { from: 'environment', name: 'LLAMACTL_STATS_INTERVAL' },
      },
      rules: {
        'server.port': { effect: 'restart', secret: false, locked: null },
        'instances.max_running': { effect: 'reload', secret: false, locked: null },
        'models.hf_token': { effect: 'reload', secret: true },
        'stats.interval': {
          locked: expect.stringContaining('LLAMACTL_STATS_INTERVAL, which wins over the file') as string,
        },
        'server.host': {
          effect: 'restart',
          locked: expect.stringContaining('while accounts (auth.enabled) are off') as string,
        },
        'engines.vllm.command': {
          effect: 'none',
          locked: expect.stringContaining('security.allow_privileged: true') as string,
        },
      },
      file: path,
      restart_required: false,
    });
  });
});

describe('PUT /config', () => {
  it('changes the file, and lists the changes', async () => {
    const answer = await put({ server: { port: 9001 } });
    expect(answer.statusCode).toBe(200);
    expect(ConfigWrittenSchema.strict().parse(answer.json())).toMatchObject({
      message: 'Configuration updated; server.port takes effect when llamactl restarts; a reload is not enough',
      restart_required: true,
      changed: ['server.port'],
      config: { server: { port: 9001 } },
    });
    expect(readFileSync(path, 'utf8')).toBe(CONFIG_FILE.replace('9000', '9001'));
  });

  it('changes nothing with the answer of GET', async () => {
    const { config } = (await test.inject({ url: URL })).json<{ config: object }>();
    expect((await put(config)).json()).toMatchObject({ changed: [], restart_required: false });
    expect(readFileSync(path, 'utf8')).toBe(CONFIG_FILE);
  });

  it.each([
    [400, 'VALIDATION_ERROR', { server: { prot: 1 }, stats: [] }],
    [403, 'FORBIDDEN', { security: { allow_privileged: true } }],
    [409, 'CONFIG_PINNED', { stats: { interval: 3 } }],
  ])('answers %i %s to %j, with every wrong key', async (status, code, payload) => {
    const answer = await put({ instances: { max_restarts: 1 }, ...payload });
    const error = errorOf(answer.body);
    expect([answer.statusCode, error.code]).toEqual([status, code]);
    const named = error.errors?.map((problem) => problem.path.split('.')[0]);
    expect(named).toEqual(Object.keys(payload));
    expect(readFileSync(path, 'utf8')).toBe(CONFIG_FILE);
  });

  it('requires an object as its body', async () => {
    for (const answer of [await put(), await put([])]) {
      expect([answer.statusCode, errorOf(answer.body).code]).toEqual([400, 'VALIDATION_ERROR']);
    }
  });
});
