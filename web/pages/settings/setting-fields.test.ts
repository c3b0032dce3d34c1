import type { ConfigView } from '@llamactl/client';
import { describe, expect, test } from 'vitest';
import { limitsOf } from './setting-limits.ts';
import { inOrder, matches, patchOf, settingsOf, textOfValue, valueOfText, type Setting } from './setting-fields.ts';

const API = {
  components: {
    schemas: {
      ConfigView: {
        properties: {
          config: {
            properties: {
              server: { properties: { port: { type: 'integer', description: 'Port to listen on.' } } },
              memory: { properties: { admission: { enum: ['auto', 'off'] } } },
              models: { properties: { dirs: { items: { type: 'string' } } } },
            },
          },
        },
      },
    },
  },
};

/** An answer with only the settings of a test. */
function viewOf(
  config: object,
  keys: readonly string[],
  { pending = [], rules = {} }: Partial<Pick<ConfigView, 'pending' | 'rules'>> = {},
): ConfigView {
  const sources = Object.fromEntries(keys.map((key) => [key, { from: 'default' }]));
  return { config, sources, rules, file: null, restart_required: false, pending } as unknown as ConfigView;
}

const settingsIn = (view: ConfigView, api: unknown = API, added: readonly string[] = []): Setting[] =>
  settingsOf({ view, api, notes: {} }, added);

function only(config: object, key: string): Setting | undefined {
  return settingsIn(viewOf(config, [key]))[0];
}

describe('a setting', () => {
  test('has its section, its description, and whether it waits', () => {
    const [port] = settingsIn(viewOf({ server: { port: 8080 } }, ['server.port'], { pending: ['server.port'] }));
    expect(port).toMatchObject({
      section: 'server',
      kind: 'number',
      description: 'Port to listen on.',
      value: 8080,
      isPending: true,
    });
  });

  test.each([
    ['a switch', { auth: { enabled: true } }, 'auth.enabled', 'switch'],
    ['a choice', { memory: { admission: 'auto' } }, 'memory.admission', 'choice'],
    ['a list of texts', { models: { dirs: [] } }, 'models.dirs', 'texts'],
    ['a list of numbers', { instances: { port_range: [1, 2] } }, 'instances.port_range', 'numbers'],
    ['a map', { presets: {} }, 'presets', 'map'],
    ['the groups', { groups: {} }, 'groups', 'group'],
    ['a text', { data_dir: '/srv' }, 'data_dir', 'text'],
  ] as const)('is %s by its value', (_, config, key, kind) => {
    expect(only(config, key)?.kind).toBe(kind);
  });

  test('of a group is there although it is not set, with its description and the value that counts', () => {
    const of = { additionalProperties: { properties: { max_running: { description: 'At most.', type: 'integer' } } } };
    const api = { components: { schemas: { ConfigView: { properties: { config: { properties: { groups: of } } } } } } };
    const view = viewOf({ groups: { code: { max_running: 2 }, 'a.b': {} } }, ['groups.code.max_running', 'groups.a.b']);
    const settings = settingsIn(view, api, ['new']);
    expect(settings.map(({ path, value }) => [path.join(' '), value])).toEqual([
      ['groups', { code: { max_running: 2 }, 'a.b': {} }],
      ['groups code', { max_running: 2 }],
      ['groups code max_running', 2],
      ['groups code exclusive', false],
      ['groups code pinned', false],
      ['groups a.b', {}],
      ['groups a.b max_running', 0],
      ['groups a.b exclusive', false],
      ['groups a.b pinned', false],
      ['groups new', undefined],
      ['groups new max_running', 0],
      ['groups new exclusive', false],
      ['groups new pinned', false],
    ]);
    const field = { section: 'groups', kind: 'number', description: 'At most.', limits: { isWhole: true } };
    expect(settings.filter(({ path }) => path[2] === 'max_running')).toMatchObject([field, field, field]);
    expect(settings.filter(({ path }) => path[2] === 'pinned').map(({ kind }) => kind)).toEqual(
      Array.from({ length: 3 }, () => 'switch'),
    );
  });

  test('has the rules that the server names: a secret without a value is one too', () => {
    const rules = { 'alerts.webhook': { effect: 'none', secret: true, locked: 'alerts.webhook is locked.' } } as const;
    const [webhook] = settingsIn(viewOf({ alerts: { webhook: '' } }, ['alerts.webhook'], { rules }));
    expect(webhook).toMatchObject({ kind: 'secret', effect: 'none', locked: 'alerts.webhook is locked.' });
  });

  test('without a section belongs to the general ones', () => {
    expect(only({ data_dir: '/srv' }, 'data_dir')?.section).toBe('general');
  });

  test('is found by words of its key and description', () => {
    const port = only({ server: { port: 8080 } }, 'server.port');
    expect(port !== undefined && matches(port, 'LISTEN server')).toBe(true);
    expect(port !== undefined && matches(port, 'memory')).toBe(false);
  });
});

describe('the text of a setting', () => {
  test.each([
    ['number', '1.5', { value: 1.5 }],
    ['number', ' ', { flaw: 'notNumber' }],
    ['texts', ' /a \n\n/b', { value: ['/a', '/b'] }],
    ['numbers', '1\n2', { value: [1, 2] }],
    ['numbers', '1\nx', { flaw: 'notList' }],
    ['map', '{"a":{"pinned":true}}', { value: { a: { pinned: true } } }],
    ['map', '[1]', { flaw: 'notMap' }],
    ['map', '{', { flaw: 'notMap' }],
    ['switch', 'true', { value: true }],
  ] as const)('of kind %s: %j', (kind, text, result) => {
    expect(valueOfText(text, kind)).toEqual(result);
  });

  test.each([
    ['900', { value: 900 }],
    [' 15m ', { value: '15m' }],
    ['', { flaw: 'notDuration' }],
    ['soon', { flaw: 'notDuration' }],
    ['-1', { flaw: 'outside' }],
  ])('of a time may have units, which the server reads: %j', (text, result) => {
    const limits = limitsOf({ type: 'number', minimum: 0, 'x-duration': String.raw`^\d+m$` });
    expect(valueOfText(text, 'number', limits)).toEqual(result);
    expect(valueOfText('15m', 'number', limitsOf({ type: 'number' }))).toEqual({ flaw: 'notNumber' });
  });

  test('of a secret is empty', () => {
    expect(textOfValue('***', 'secret')).toBe('');
  });
});

test('settings that cannot be changed here come last, in their section and as a section', () => {
  const rules = Object.fromEntries(
    ['data_dir', 'server.host'].map((key) => [key, { effect: 'reload', secret: false, locked: 'locked' } as const]),
  );
  const keys = ['data_dir', 'server.host', 'server.port', 'logs.max_size_mb'];
  const config = { data_dir: '/srv', server: { host: 'a', port: 1 }, logs: { max_size_mb: 1 } };
  const settings = settingsIn(viewOf(config, keys, { rules }));
  expect(inOrder(settings).map(({ key }) => key)).toEqual([
    'server.port',
    'server.host',
    'logs.max_size_mb',
    'data_dir',
  ]);
});

test('changes of one section are one part of the patch, and no value restores the default', () => {
  const changes = [
    { path: ['server', 'port'], value: 8081 },
    { path: ['server', 'public_url'], value: undefined },
    { path: ['groups', 'old'], value: undefined },
    { path: ['groups', 'a.b'], value: {} },
    { path: ['groups', 'a.b', 'pinned'], value: true },
  ];
  expect(patchOf(changes)).toEqual({
    server: { port: 8081, public_url: null },
    groups: { old: null, 'a.b': { pinned: true } },
  });
});
