import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import type { YamlPath } from './differences.ts';
import { editYaml } from './yaml-edit.ts';

/** As in the configuration: sections and their keys may have no value, names chosen by users must have one. */
const mayBeVoid = ([section, key, deeper]: YamlPath): boolean =>
  deeper === undefined && !(section === 'groups' && key !== undefined);

const edit = (text: string, wanted: Record<string, unknown>): string | null => editYaml(text, wanted, mayBeVoid);

const FILE = `# Mine.

server:   # where
    port: 80      # the port
    host:  "::1"  # the host

    # base_path: /x
models:
    dirs:
    - ~/models   # mine
    -   /srv/models

    hf_token: >-
      abc
      def
# The end.
`;
const VALUES = {
  server: { port: 80, host: '::1' },
  models: { dirs: ['~/models', '/srv/models'], hf_token: 'abc def' },
};

describe('changing a value', () => {
  it.each([
    ['a number', { server: { ...VALUES.server, port: 81 } }, '    port: 80 ', '    port: 81 '],
    ['a quoted text', { server: { ...VALUES.server, host: 'a b' } }, '"::1"', '"a b"'],
    ['a text that needs quotes', { server: { ...VALUES.server, port: '81' } }, 'port: 80 ', 'port: "81" '],
    ['an item', { models: { ...VALUES.models, dirs: ['/a', '/srv/models'] } }, '- ~/models ', '- /a '],
    ['the last item', { models: { ...VALUES.models, dirs: ['~/models', '#b'] } }, '-   /srv/models', '-   "#b"'],
  ])('changes nothing else: %s', (_, wanted, from, to) => {
    expect(edit(FILE, { ...VALUES, ...wanted })).toBe(FILE.replace(from, to));
  });

  it('leaves a file with these values unchanged', () => {
    expect(edit(FILE, VALUES)).toBe(FILE);
  });

  it('replaces a text of several lines', () => {
    const wanted = { ...VALUES, models: { ...VALUES.models, hf_token: 'x\ny' } };
    expect(edit(FILE, wanted)).toBe(FILE.replace('>-\n      abc\n      def', '"x\\ny"'));
    expect(edit('a: |\n  x\n\nb: "x\n\n  y"\nc: x\n   y\n', { a: 1, b: 2, c: 3 })).toBe('a: 1\n\nb: 2\nc: 3\n');
  });

  it.each([
    [
      'server:\r\n  port: 80 # x\r\n  host: h\r\n',
      { port: 81, host: 'h' },
      'server:\r\n  port: 81 # x\r\n  host: h\r\n',
    ],
    ['\uFEFFserver:\n  port: 80', { port: 81 }, '\uFEFFserver:\n  port: 81'],
    ['server: { port: 80, host: h } # x\n', { port: 81, host: 'h' }, 'server: { port: 81, host: h } # x\n'],
    ['server: {port: 80,host: h}', { port: 80, host: 'i' }, 'server: {port: 80,host: i}'],
    ['server:\n  port:\n  host: h\n', { port: 81, host: 'h' }, 'server:\n  port: 81\n  host: h\n'],
    ['server:\n  port: # x\n  host: h\n', { port: 81, host: 'h' }, 'server:\n  port: 81 # x\n  host: h\n'],
    ['server:\n  port: ~ # x\n', { port: 81 }, 'server:\n  port: 81 # x\n'],
    ['server: { port: , host: h }\n', { port: 81, host: 'h' }, 'server: { port: 81 , host: h }\n'],
    ['server: { port, host: h }\n', { port: 81, host: 'h' }, 'server: { port: 81, host: h }\n'],
    ["server:\n  'host': 'h'\n", { host: 'i' }, "server:\n  'host': 'i'\n"],
    ['server: 5 # x\n', { port: 81 }, 'server: { port: 81 } # x\n'],
    ['? server\n: port: 80\n', { port: 81 }, '? server\n: port: 81\n'],
    ['---\nserver:\n  port: 80\n...\n', { port: 81 }, '---\nserver:\n  port: 81\n...\n'],
    ['%YAML 1.1\n---\nserver: { host: h }\n', { host: 'yes' }, '%YAML 1.1\n---\nserver: { host: "yes" }\n'],
    ['{ "server": { "port": 80 } }\n', { port: 80, host: 'h' }, '{ "server": { "port": 80, "host": "h" } }\n'],
  ])('changes nothing else in %j', (text, server, expected) => {
    expect(edit(text, { server })).toBe(expected);
  });
});

describe('adding a key', () => {
  it.each([
    ['server:\n  port: 80 # x\n\n  # y\nstats: {}\n', 'server:\n  port: 80 # x\n  host: h\n\n  # y\nstats: {}\n'],
    ['server:\n    port: 80', 'server:\n    port: 80\n    host: h'],
    ['server:\r\n  port: 80\r\n', 'server:\r\n  port: 80\r\n  host: h\r\n'],
    ['\uFEFFserver:\n  port: 80\n', '\uFEFFserver:\n  port: 80\n  host: h\n'],
    ['server: { port: 80 }\n', 'server: { port: 80, host: h }\n'],
    ['server: {\n  port: 80, # x\n}\n', 'server: {\n  port: 80, host: h, # x\n}\n'],
  ])('appends it to its section: %j', (text, expected) => {
    const stats = text.includes('stats') ? { stats: {} } : {};
    expect(edit(text, { server: { port: 80, host: 'h' }, ...stats })).toBe(expected);
  });

  it.each([
    ['', 'server:\n  host: h\n'],
    ['\uFEFF', '\uFEFFserver:\n  host: h\n'],
    ['# nothing yet\n\n', '# nothing yet\n\nserver:\n  host: h\n'],
    ['# nothing yet', '# nothing yet\nserver:\n  host: h'],
    ['# nothing\r\n', '# nothing\r\nserver:\r\n  host: h\r\n'],
    ['---\n# nothing\n...\n', '---\n# nothing\nserver:\n  host: h\n...\n'],
    ['{}\n', '{ server: { host: h } }\n'],
    ['server:\n', 'server:\n  host: h\n'],
    ['server:', 'server:\n  host: h'],
    ['server: # x\n  # y\n', 'server: # x\n  host: h\n  # y\n'],
    ['server: &a # x\n', 'server: &a # x\n  host: h\n'],
    ['server: {}\n', 'server: { host: h }\n'],
    ['server: { # x\n}\n', 'server: { host: h # x\n}\n'],
    ['server: ~\n', 'server: { host: h }\n'],
  ])('creates or fills its section: %j', (text, expected) => {
    expect(edit(text, { server: { host: 'h' } })).toBe(expected);
  });

  it('writes a whole section as a block, indented like the file', () => {
    const engines = {
      mine: { kind: 'custom', args: ['a,b', '--x'], environment: { 'A B': 'yes: no', N: '1' } },
      none: {},
    };
    expect(edit('server:\n   port: 80\n# end\n', { server: { port: 80 }, engines })).toBe(
      'server:\n   port: 80\nengines:\n   mine:\n      kind: custom\n      args: ["a,b", --x]\n      environment:\n' +
        '         A B: "yes: no"\n         N: "1"\n   none: {}\n# end\n',
    );
  });
});

describe('removing a key', () => {
  it.each([
    ['server:\n  # above\n  port: 80 # x\n  host: h # y\n', 'server:\n  # above\n  host: h # y\n'],
    ['server:\n  host: h\n  port: 80', 'server:\n  host: h'],
    ['server:\r\n  port: 80\r\n  host: h\r\n', 'server:\r\n  host: h\r\n'],
    ['server:\n  port:\n    80 # x\n\n  host: h\n', 'server:\n\n  host: h\n'],
    ['server: { port: 80, host: h }\n', 'server: { host: h }\n'],
    ['server: { host: h, port: 80 }\n', 'server: { host: h }\n'],
    ['server: {\n  host: h, # x\n  port: 80 # y\n}\n', 'server: {\n  host: h, # x\n}\n'],
    ['server: {\n  port: 80, # y\n  host: h # x\n}\n', 'server: {\n  host: h # x\n}\n'],
    ['server: {\n  host: h, # x\n  port: 80 }\n', 'server: {\n  host: h, # x\n   }\n'],
  ])('removes its line, or its part of the line: %j', (text, expected) => {
    expect(edit(text, { server: { host: 'h' } })).toBe(expected);
  });

  it('works for the last key of a section or of the file', () => {
    expect(edit('server:\n  port: 80\nstats: { interval: 1 }\n', { server: {}, stats: {} })).toBe(
      'server:\nstats: {  }\n',
    );
    expect(edit('# x\nserver:\n  port: 80\n', {})).toBe('# x\n');
    expect(edit('groups:\n  big:\n    pinned: true # x\n', { groups: { big: {} } })).toBe('groups:\n  big: {}\n');
  });

  it('removes a section with its content', () => {
    expect(edit('# a\nserver:\n  # b\n  port: 80\n# c\nstats:\n  interval: 1\n', { stats: { interval: 1 } })).toBe(
      '# a\n# c\nstats:\n  interval: 1\n',
    );
  });
});

describe('changing a list', () => {
  const text = 'a:\n  - 1 # one\n  # of two\n  - 2\nb: [1, 2] # x\n';
  it.each([
    [[1, 2, 3], 'a:\n  - 1 # one\n  # of two\n  - 2\n  - 3\nb: [1, 2, 3] # x\n'],
    [[0, 1, 2], 'a:\n  - 0\n  - 1 # one\n  # of two\n  - 2\nb: [0, 1, 2] # x\n'],
    [[1, 7, 8, 2], 'a:\n  - 1 # one\n  - 7\n  - 8\n  # of two\n  - 2\nb: [1, 7, 8, 2] # x\n'],
    [[1], 'a:\n  - 1 # one\n  # of two\nb: [1] # x\n'],
    [[2], 'a:\n  # of two\n  - 2\nb: [2] # x\n'],
    [[1, 9], 'a:\n  - 1 # one\n  # of two\n  - 9\nb: [1, 9] # x\n'],
    [[], 'a: []\nb: [] # x\n'],
  ])('keeps the lines of unchanged items: %j', (list, expected) => {
    expect(edit(text, { a: list, b: list })).toBe(expected);
  });

  it('works for an empty list, and at the end of the file', () => {
    expect(edit('a: []\nb:\n- 1\n- 2', { a: ['x'], b: [] })).toBe('a: [x]\nb: []');
  });

  it('rewrites a long list', () => {
    const long = Array.from({ length: 5000 }, (_, index) => index);
    expect(parse(edit(text, { a: long, b: [1, 2] }) ?? '')).toEqual({ a: long, b: [1, 2] });
  });
});

describe('values shared by an anchor', () => {
  it.each([
    // The alias changes.
    ['a: &x 1 # c\nb: *x\n', { a: 1, b: 2 }, 'a: &x 1 # c\nb: 2\n'],
    ['a: &x { k: 1 }\nb: *x # c\n', { a: { k: 1 }, b: { k: 2 } }, 'a: &x { k: 1 }\nb: { k: 2 } # c\n'],
    // The anchor changes.
    ['a: &x 1 # c\nb: *x\n', { a: 2, b: 1 }, 'a: &x 2 # c\nb: 1\n'],
    [
      'a: &x\n  k: 1\n  l: 1\nb: *x\n',
      { a: { k: 2, l: 1 }, b: { k: 1, l: 1 } },
      'a: &x\n  k: 2\n  l: 1\nb: { k: 1, l: 1 }\n',
    ],
    ['a: &x [1]\nb: *x\n', { a: [1, 2], b: [1] }, 'a: &x [1, 2]\nb: [1]\n'],
    ['a: &x { k: &y 1 }\nb: *x\nc: *y\n', { b: { k: 1 }, c: 1 }, 'b: { k: 1 }\nc: 1\n'],
    // Both change, or another key in the same section.
    ['a: &x 1\nb: *x\n', { a: 2, b: 2 }, 'a: &x 2\nb: 2\n'],
    ['s: &s { k: &x 1, l: 2 }\nb: *x\n', { s: { k: 1, l: 3 }, b: 1 }, 's: &s { k: &x 1, l: 3 }\nb: *x\n'],
  ])('%j keeps the other value', (text, wanted, expected) => {
    expect(edit(text, wanted)).toBe(expected);
  });

  it('stay when keys are merged in or merged from', () => {
    const text = '%YAML 1.1\n---\na: &x { k: 1, l: 1 }\nb:\n  <<: *x\n  m: 1\n';
    expect(edit(text, { a: { k: 1, l: 1 }, b: { k: 2, l: 1, m: 1 } })).toBe(`${text}  k: 2\n`);
    expect(edit(text, { a: { k: 2, l: 1 }, b: { k: 1, l: 1, m: 1 } })).toBe(
      text.replace('*x', '{ k: 1, l: 1 }').replace('k: 1', 'k: 2'),
    );
    expect(parse(edit(text, { a: { k: 1, l: 1 }, b: { l: 1, m: 1 } }) ?? '')).toEqual({
      a: { k: 1, l: 1 },
      b: { l: 1, m: 1 },
    });
  });
});

describe('editYaml for any text', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'groups', 'x y', '#', '? ', 'yes', '1', '<<', '-', '"');
  const scalar = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom(
      '~',
      'null',
      '*a',
      '&a',
      '- x',
      'a: b',
      ' x ',
      'x #y',
      '!t',
      '%',
      '@',
      '`',
      '\n',
      'x\ny',
      '---',
      '...',
    ),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.boolean(),
  );
  const value = fc.oneof(scalar, fc.array(scalar, { maxLength: 4 }), fc.dictionary(name, scalar, { maxKeys: 4 }));
  const values = fc
    .dictionary(name, fc.oneof(value, fc.dictionary(name, value, { maxKeys: 4 })), { maxKeys: 5 })
    .map((each) => ({ ...each }));
  const plain = (each: unknown): unknown => JSON.parse(JSON.stringify(each));

  it('returns the wanted values on old or new lines', () => {
    const style = fc.record({
      // Not 'block': the library then writes empty maps that it cannot parse.
      collectionStyle: fc.constantFrom<'any' | 'flow'>('any', 'flow'),
      indent: fc.constantFrom(2, 4),
      indentSeq: fc.boolean(),
      lineWidth: fc.constantFrom(0, 20, 80),
      defaultStringType: fc.constantFrom<'PLAIN' | 'QUOTE_SINGLE'>('PLAIN', 'QUOTE_SINGLE'),
    });
    fc.assert(
      fc.property(values, values, style, fc.boolean(), (before, after, options, isWindows) => {
        const written = `# top\n${stringify(plain(before), options)}# end\n`;
        const text = isWindows ? written.replaceAll('\n', '\r\n') : written;
        const wanted = plain({ ...before, ...after }) as Record<string, unknown>;
        const edited = editYaml(text, wanted, () => false);
        expect(edited).not.toBeNull();
        expect(parse(edited ?? '') ?? {}).toEqual(wanted);
        expect(edited?.startsWith('# top')).toBe(true);
        expect(edited).toContain('# end');
      }),
      { numRuns: 500 },
    );
  });

  it('makes hundreds of changes in a few steps', () => {
    const groups = (pinned: boolean): object =>
      Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`g${index}`, { pinned }]));
    const text = edit('# x\n', { groups: groups(true) }) ?? '';
    expect(edit(text, { groups: groups(false) })).toBe(text.replaceAll('true', 'false'));
    expect(edit(text, { groups: { g7: { pinned: true } } })).toBe('# x\ngroups:\n  g7:\n    pinned: true\n');
  });

  it('returns null for invalid YAML', () => {
    expect(edit('a: [', { a: 1 })).toBeNull();
    expect(edit('a: !x 1', { a: 1 })).toBeNull();
    expect(edit('~', { a: 1 })).toBeNull();
  });
});
