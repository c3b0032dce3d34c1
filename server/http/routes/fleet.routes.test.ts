import { FleetSchema, type Fleet } from '@llamactl/contract/fleet';
import { describe, expect, it, vi } from 'vitest';
import { AuthHarness } from '../../testing/auth-harness.ts';
import { FakeFleet } from '../../testing/fake-services.ts';
import { errorOf, testConfig, testServer, type TestServer } from '../../testing/http-harness.ts';
import { parseYamlBody } from '../bodies/yaml-body.ts';
import { yamlText } from '../bodies/yaml-text.ts';

function fleetServer(): TestServer & { fleet: FakeFleet } {
  const fleet = new FakeFleet();
  return { ...testServer({ fleet }), fleet };
}

const DOCUMENT = `# mine
version: 1
instances:
  - name: chat
    model_path: /m.gguf
    options: &fast { threads: 8 } # quick
  - name: code
    model_path: /n.gguf
    options: *fast
`;

describe('an export of some instances', () => {
  it('has only those, and says so in its comment', async () => {
    const { inject, fleet } = fleetServer();
    fleet.fleet = { version: 1, instances: [{ name: 'chat' }, { name: 'code' }, { name: 'other' }] };
    const { body } = await inject({ url: '/api/export?names=chat,code', headers: { accept: 'application/yaml' } });
    expect(body).toMatch(/^# Some instances of llamactl/);
    expect(body).toContain('- name: chat\n  - name: code\n');
    expect(body).not.toContain('other');
    expect((await inject({ url: '/api/export', headers: { accept: 'application/yaml' } })).body).toMatch(/^# All/);
    const json = await inject({ url: '/api/export?names=other', headers: { accept: 'application/json' } });
    expect(json.json()).toEqual({ version: 1, instances: [{ name: 'other' }] });
    expect((await inject({ url: '/api/export?names=a,,b' })).statusCode).toBe(400);
  });
});

describe('POST /api/apply', () => {
  it.each(['application/yaml', 'application/x-yaml', 'text/yaml; charset=utf-8', 'text/x-yaml'])(
    'accepts YAML as %s',
    async (type) => {
      const { inject, fleet } = fleetServer();
      const headers = { 'content-type': type };
      const answer = await inject({ method: 'POST', url: '/api/apply', headers, payload: DOCUMENT });
      expect([answer.statusCode, answer.json()]).toEqual([
        200,
        {
          message: 'Applied',
          dry_run: false,
          results: [
            { name: 'chat', action: 'create', changes: [] },
            { name: 'code', action: 'create', changes: [] },
          ],
        },
      ]);
      expect(fleet.applied).toMatchObject([
        {
          fleet: {
            version: 1,
            instances: [
              { name: 'chat', model_path: '/m.gguf', options: { threads: 8 } },
              { name: 'code', model_path: '/n.gguf', options: { threads: 8 } },
            ],
          },
          options: { prune: false, dryRun: false },
        },
      ]);
    },
  );

  describe('with a body larger than others may be', () => {
    const large = (count: number): Fleet => ({
      instances: Array.from({ length: count }, (_, index) => ({
        name: `i${index}`,
        environment: { CUDA_VISIBLE_DEVICES: 'x'.repeat(2_000) },
      })),
    });
    const applied = (test: TestServer, payload: string, type = 'application/json') =>
      test.inject({ method: 'POST', url: '/api/apply', headers: { 'content-type': type }, payload });

    it.each(['application/json', 'application/yaml'])('accepts 2 MiB of %s', async (type) => {
      const server = fleetServer();
      const document = large(1_100);
      const payload = type === 'application/json' ? JSON.stringify(document) : yamlText(document, 'x');
      expect(payload.length).toBeGreaterThan(2 * 1024 * 1024);
      expect((await applied(server, payload, type)).statusCode).toBe(200);
      expect(server.fleet.applied[0]?.fleet).toEqual(document);
    });

    it('accepts 16 MiB, and no more', async () => {
      const server = fleetServer();
      const document = JSON.stringify(large(1_000));
      const full = document + ' '.repeat(16 * 1024 * 1024 - document.length);
      expect((await applied(server, full)).statusCode).toBe(200);
      const refused = await applied(server, `${full} `);
      expect([refused.statusCode, errorOf(refused.body).code]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
    });

    it('reads and validates in many turns, one document after the other', async () => {
      const server = fleetServer();
      const turns: (() => void)[] = [];
      // At every look at the clock, the time of a slice is over.
      let now = 0;
      vi.spyOn(server.clock, 'elapsed').mockImplementation(() => (now += 10));
      vi.spyOn(server.clock, 'nextTurn').mockImplementation((callback) => void turns.push(callback));
      const document = JSON.stringify(large(100));
      let answered = 0;
      const answers = Array.from({ length: 3 }, async () => {
        const answer = await applied(server, document);
        if (answered === 0) takenByFirst = taken;
        answered += 1;
        return answer;
      });
      let taken = 0;
      let takenByFirst = 0;
      let most = 0;
      while (answered < answers.length) {
        most = Math.max(most, turns.length);
        const next = turns.shift();
        if (next !== undefined) taken += 1;
        next?.();
        await new Promise(setImmediate);
      }
      expect((await Promise.all(answers)).map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
      // Each entry takes two turns: to parse it, and to validate it.
      expect(taken).toBeGreaterThan(3 * 2 * 100);
      // All documents together have one slice of a turn.
      expect(most).toBe(1);
      // The first document is parsed alone, and validated while the second is parsed: half of all turns, not nearly all.
      expect(takenByFirst).toBeLessThan(0.75 * taken);
    });
  });

  it('accepts JSON, and passes prune and dry_run on', async () => {
    const { inject, fleet } = fleetServer();
    const url = '/api/apply?prune=true&dry_run=true';
    const answer = await inject({ method: 'POST', url, payload: { instances: [{ name: 'chat' }] } });
    expect(answer.json()).toMatchObject({ dry_run: true });
    expect(fleet.applied).toMatchObject([
      { fleet: { instances: [{ name: 'chat' }] }, options: { prune: true, dryRun: true } },
    ]);
    expect(fleet.applied[0]?.options.signal).toBeInstanceOf(AbortSignal);
  });

  it('lists every problem with its place in the document', async () => {
    const { inject, fleet } = fleetServer();
    const payload =
      'instances:\n  - name: chat\n    prot: 1\n  - { name: "-", options: { threads: [] } }\nversion: 2\n';
    const headers = { 'content-type': 'application/yaml' };
    const answer = await inject({ method: 'POST', url: '/api/apply', headers, payload });
    expect(answer.statusCode).toBe(400);
    expect(errorOf(answer.body).errors).toMatchObject([
      { path: 'version', message: 'must be 1' },
      { path: 'instances[0].prot', message: 'is not known; did you mean port?' },
      { path: 'instances[1].name', message: expect.stringContaining('must start with a letter') as string },
      { path: 'instances[1].options.threads', message: expect.any(String) as string },
    ]);
    expect(fleet.applied).toEqual([]);
  });

  it('shows the position of an error in YAML', async () => {
    const { inject } = fleetServer();
    const headers = { 'content-type': 'application/yaml' };
    const answer = await inject({ method: 'POST', url: '/api/apply', headers, payload: 'instances:\n  - "x' });
    const { code, details } = errorOf(answer.body);
    expect([answer.statusCode, code]).toEqual([400, 'VALIDATION_ERROR']);
    expect(details).toMatch(/^line 2, column \d+: Missing closing "quote$/);
  });

  it.each([
    ['no body', ''],
    ['comments alone', '# nothing\n'],
  ])('requires a document: %s', async (_what, payload) => {
    const { inject } = fleetServer();
    const headers = { 'content-type': 'application/yaml' };
    const answer = await inject({ method: 'POST', url: '/api/apply', headers, payload });
    expect([answer.statusCode, errorOf(answer.body).code]).toEqual([400, 'VALIDATION_ERROR']);
  });

  it('refuses more than 16 MiB, and compressed bodies', async () => {
    const { inject } = fleetServer();
    const headers = { 'content-type': 'application/yaml' };
    const large = await inject({ method: 'POST', url: '/api/apply', headers, payload: '#'.repeat(16 * 1_048_576 + 1) });
    expect(large.statusCode).toBe(413);
    const encoded = { ...headers, 'content-encoding': 'gzip' };
    const packed = await inject({ method: 'POST', url: '/api/apply', headers: encoded, payload: DOCUMENT });
    expect(packed.statusCode).toBe(415);
  });

  it('names both formats when it gets another one', async () => {
    const { inject } = fleetServer();
    const headers = { 'content-type': 'text/plain' };
    const answer = await inject({ method: 'POST', url: '/api/apply', headers, payload: DOCUMENT });
    expect(answer.statusCode).toBe(415);
    expect(errorOf(answer.body).error).toBe(
      'The body has to be JSON or YAML; send it with Content-Type: application/json or application/yaml.',
    );
  });
});

describe('a key of an admin that may not start instances', () => {
  it('can only preview changes with dry_run', async () => {
    const harness = await AuthHarness.open();
    const fleet = new FakeFleet();
    const config = testConfig({ auth: { enabled: true } });
    const { inject } = testServer({ auth: harness.auth, clock: harness.clock, config, fleet });
    const owner = await harness.loggedIn('root', 'admin');
    const statusOf = async (url: string, may_start: boolean): Promise<number> => {
      const key = await harness.keyOf(owner, { scopes: ['admin'], may_start });
      const headers = { 'x-api-key': key };
      return (await inject({ method: 'POST', url, headers, payload: { instances: [] } })).statusCode;
    };
    expect(await statusOf('/api/apply', false)).toBe(403);
    expect(await statusOf('/api/apply?dry_run=false&prune=true', false)).toBe(403);
    expect(fleet.applied).toEqual([]);
    expect(await statusOf('/api/apply?dry_run=true', false)).toBe(200);
    expect(await statusOf('/api/apply', true)).toBe(200);
  });
});

describe('a document', () => {
  it('has at most 5000 instances', async () => {
    const { inject, fleet } = fleetServer();
    const payload = { instances: Array.from({ length: 5_001 }, (_each, index) => ({ name: `i${index}` })) };
    const answer = await inject({ method: 'POST', url: '/api/apply', payload });
    expect([answer.statusCode, errorOf(answer.body).errors?.map(({ path }) => path)]).toEqual([400, ['instances']]);
    expect(fleet.applied).toEqual([]);
  });
});

describe('YAML for other operations', () => {
  it('is refused as a body', async () => {
    const { inject, manager } = fleetServer();
    const headers = { 'content-type': 'application/yaml' };
    const answer = await inject({ method: 'POST', url: '/api/instances', headers, payload: 'name: chat' });
    expect(answer.statusCode).toBe(415);
    expect(errorOf(answer.body).error).toContain('has to be JSON;');
    expect(manager.calls).toEqual([]);
  });

  it('counts as no body when it is empty', async () => {
    const { inject } = fleetServer();
    const headers = { 'content-type': 'application/yaml' };
    const answer = await inject({ method: 'POST', url: '/api/instances/start-all', headers, payload: '' });
    expect(answer.statusCode).toBe(200);
  });
});

describe('GET /api/export', () => {
  const DOCUMENT_OF_ONE: Fleet = {
    version: 1,
    instances: [{ name: 'chat', engine: 'llama_cpp', environment: { ANSWER: 'no', TOKEN: '0o17' }, port: 8_100 }],
  };

  function exporting(): TestServer {
    const test = fleetServer();
    test.fleet.fleet = DOCUMENT_OF_ONE;
    return test;
  }

  it('returns YAML with a comment and without caching', async () => {
    const answer = await exporting().inject({ url: '/api/export' });
    expect(answer.headers).toMatchObject({
      'content-type': 'application/yaml; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    expect(answer.body).toBe(
      [
        '# All instances of llamactl, secrets in `environment` included. To apply it: llamactl apply FILE, or POST /api/apply; see docs/fleet.md.',
        'version: 1',
        'instances:',
        '  - name: chat',
        '    engine: llama_cpp',
        '    environment:',
        '      ANSWER: "no"',
        '      TOKEN: "0o17"',
        '    port: 8100',
        '',
      ].join('\n'),
    );
    expect(FleetSchema.parse(parseYamlBody(Buffer.from(answer.body)))).toEqual(DOCUMENT_OF_ONE);
  });

  it('returns JSON when the caller prefers it', async () => {
    const answer = await exporting().inject({ url: '/api/export', headers: { accept: 'application/json' } });
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.json()).toEqual(DOCUMENT_OF_ONE);
  });

  it('answers HEAD like GET, without the body', async () => {
    const answer = await exporting().inject({ method: 'HEAD', url: '/api/export' });
    expect([answer.statusCode, answer.body]).toEqual([200, '']);
    expect(answer.headers['content-type']).toBe('application/yaml; charset=utf-8');
  });
});
