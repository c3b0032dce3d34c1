import type { ApiError } from '@llamactl/contract/errors';
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { Document, parse as parseYaml, visit } from 'yaml';
import { atOnce } from '../../sliced-work.ts';
import { parseYamlBody, yamlBody } from './yaml-body.ts';

const parse = (text: string): unknown => parseYamlBody(Buffer.from(text));

function refusal(text: string | Buffer): ApiError {
  try {
    parseYamlBody(Buffer.from(text));
  } catch (error) {
    return error as ApiError;
  }
  throw new Error('not refused');
}

describe('a YAML body', () => {
  it('is read by the core schema of YAML 1.2', () => {
    const text =
      'a: yes\nb: true\nc: 0o17\nd: 1_000\ne: 12:30\nf: ~\ng: 2020-01-01\nh: [1, 1.5, "1"]\ni: |\n  x\n  y\n';
    expect(parse(text)).toEqual({
      a: 'yes',
      b: true,
      c: 15,
      d: '1_000',
      e: '12:30',
      f: null,
      g: '2020-01-01',
      h: [1, 1.5, '1'],
      i: 'x\ny\n',
    });
    expect(parse('%YAML 1.1\n---\na: yes\n')).toEqual({ a: 'yes' });
  });

  it('refuses a list of numbers without quotes in a map in braces, where YAML sees names', () => {
    const { details } = refusal('instances:\n  - environment: { CUDA_VISIBLE_DEVICES: 0,1,2 }\n').extras;
    expect(details).toContain("environment.1 has no value; put a text with commas in quotes: '0,1,2'");
    expect(parse("{ CUDA_VISIBLE_DEVICES: '0,1,2', b: }")).toEqual({ CUDA_VISIBLE_DEVICES: '0,1,2', b: null });
  });

  it('may be JSON, begin with a byte order mark, and have names that look like numbers', () => {
    expect(parse('\ufeff{"a": [1, {"b": null}], 8080: x}')).toEqual({ a: [1, { b: null }], 8_080: 'x' });
  });

  it.each([
    ['~: 1\n', { '~': 1 }],
    ['null: 1\n', { null: 1 }],
    ['a: [{ ~: 1 }, { ? ~ : 2 }]\n', { a: [{ '~': 1 }, { '~': 2 }] }],
    ['~:\n  - 1\n  - 2\nb: 3\n', { '~': [1, 2], b: 3 }],
    [': 1\n', { '': 1 }],
  ])('takes every name as a text, null too: %j', (text, value) => {
    expect(parse(text)).toEqual(value);
    expect(atOnce(yamlBody(Buffer.from(text), 1))).toEqual(value);
    expect(refusal(text + text).extras.problems?.[0]?.message).toContain('is given twice');
  });

  it('may repeat a value with an alias', () => {
    expect(parse('a: &x { t: 1 }\nb: *x\nc: &x 2\nd: *x\n')).toEqual({ a: { t: 1 }, b: { t: 1 }, c: 2, d: 2 });
    const many = Array.from({ length: 2_000 }, () => '- *x').join('\n');
    expect(parse(`a: &x { t: 1 }\nb:\n${many}\n`)).toMatchObject({ a: { t: 1 } });
  });

  it('counts as none when it is empty', () => {
    expect(parse('')).toBe(undefined);
    expect(parse('# nothing\n')).toBe(null);
  });

  it('is refused with the first faults only, since the others are mostly their consequences', () => {
    expect(refusal(`a: 1\n${'not yaml at all\n'.repeat(20)}`).extras.problems?.length).toBeLessThanOrEqual(3);
  });

  it.each([
    ['an unterminated quote', 'a:\n  b: "x', /^line 2, column \d+: Missing closing "quote/],
    ['two documents', 'a: 1\n---\nb: 2\n', /^line 2, column \d+: only one document is read/],
    ['a custom tag', 'a: !env HOME', /^line 1, column 4: Unresolved tag: !env/],
    ['a tag of older YAML', 'a: !!binary aGk=', /^line 1, column 4: Unresolved tag/],
    [
      'a tag under another name',
      '%TAG ! tag:yaml.org,2002:\n---\na: !binary aGk=',
      /^line 3, column 4: Unresolved tag/,
    ],
    ['directives without a document', '# one\n%YAML 1.2\n', /^line 3, column 1: Missing directives-end/],
    ['an error far below', `${'# one\n'.repeat(5_000)}a: *x`, /^line 5001, column 4: /],
    ['a merge key', 'a: &x { b: 1 }\nc: { <<: *x }', /^line 2, column 6: merge keys \(<<\) are not part of YAML 1\.2/],
    ['a name that is no string', '? [a]\n: b', /^line 1, column 3: .*keys must be strings/],
    ['an alias of nothing', 'a: *x', /^line 1, column 4: \*x has no &x before it/],
    ['an alias that refers to its own node', 'a: &x\n  b: *x', /^line 2, column 6: \*x has no &x before it/],
    ['an alias before its anchor', 'a: *x\nb: &x 1', /^line 1, column 4/],
  ])('is refused for %s, with line and column', (_what, text, details) => {
    const { code, extras } = refusal(text);
    expect(code).toBe('VALIDATION_ERROR');
    expect(extras.details).toMatch(details);
    expect(extras.problems?.[0]?.path).toBe('');
  });

  it('is refused when it is not UTF-8', () => {
    expect(refusal(Buffer.from([0x61, 0x3a, 0x20, 0xff])).extras.details).toBe('it is not UTF-8 text');
  });

  it('is refused for all repeated names, with their paths', () => {
    expect(refusal('a: 1\nb:\n  - { c: 1, c: 2 }\na: 3\n').extras.problems).toEqual([
      { path: 'b[0].c', message: 'is given twice (line 3, column 13)' },
      { path: 'a', message: 'is given twice (line 4, column 1)' },
    ]);
  });

  it('is refused for everything that JSON may not hold', () => {
    expect(refusal('__proto__: 1').extras.problems).toEqual([{ path: '__proto__', message: 'is not a possible name' }]);
    expect(refusal('a: "\\ud800"').extras.problems).toEqual([{ path: 'a', message: 'must be valid Unicode' }]);
  });
});

describe('a YAML body that is composed in parts', () => {
  /** Reads with a slice after every token. */
  const inParts = (text: string): unknown => atOnce(yamlBody(Buffer.from(text), 1));

  function faultsOf(read: () => unknown): ApiError['extras'] | null {
    try {
      read();
      return null;
    } catch (error) {
      return (error as ApiError).extras;
    }
  }

  const text = fc.constantFrom('a', 'name', 'x: y', '- z', '# no', 'two\nlines\n', ' ', '', '"', '~', '1', 'é');
  const { value: anything } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      text,
      fc.constantFrom<unknown>(0, -1.5, true, null),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(text, tie('value'), { maxKeys: 4 }),
    ),
  }));
  const forms = fc.record({
    indentSeq: fc.boolean(),
    indent: fc.constantFrom(2, 4),
    comments: fc.constantFrom('none', 'before', 'behind'),
    flow: fc.boolean(),
  });

  it('has the same value', () => {
    fc.assert(
      fc.property(fc.dictionary(text, anything, { maxKeys: 5 }), forms, (value, { comments, flow, ...form }) => {
        const document = new Document(value);
        visit(document, {
          Node: (key, node) => {
            if (comments === 'before' && key !== 'key') node.commentBefore = ' a remark';
            if (comments === 'behind' && key !== 'key') node.comment = ' a remark';
            if (flow && key === 1 && 'flow' in node) node.flow = true;
          },
        });
        const written = document.toString(form);
        const whole = faultsOf(() => parse(written));
        expect(faultsOf(() => inParts(written))).toEqual(whole);
        if (whole === null) expect(inParts(written)).toEqual(parseYaml(written));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['anchors across its parts', 'a: &x { t: 1 }\nb:\n  - &y [1]\n  - *x\n  - *y\nc: &z\n  - *y\n  - 2\nd: *z\n'],
    ['lists that are not indented', 'a:\n- 1\n- b: 2\n  c: 3\n\n- 4\nd: 5\n'],
    ['comments between entries', 'a:\n  # one\n  - 1\n\n    # two\n  - 2 # three\n# four\nb: 1\n  # five\nc:\n'],
    ['a directive and a mark', '%YAML 1.2\n---\na:\n  - yes\n  - no\nb: 1\n...\n'],
    ['empty entries and values', 'a:\n  -\n  -\n  - 1\nb:\nc:\n  -\n'],
    ['a quoted name, and an explicit one', '"a b":\n  - 1\n  - 2\n? c\n: - 3\n  - 4\n'],
    ['Windows line ends', 'a:\r\n  - 1\r\n  - 2\r\nb: 3\r\n'],
  ])('has the same value with %s', (_what, written) => {
    expect(inParts(written)).toEqual(parseYaml(written));
    expect(parse(written)).toEqual(parseYaml(written));
  });

  it.each([
    'a: 1\nb:\n  - { c: 1, c: 2 }\n  - 5\na: 3\n',
    'a:\n  - 1\n  - "x\nb: 2\n',
    'a:\n  - 1\n - 2\nb: 2\n',
    'a:\n  - !env X\n  - 2\nb: !env Y\nc: 1\n',
    'a: &x\n  - 1\n  - *x\nb: 1\n',
    '%TAG ! tag:yaml.org,2002:\n---\na: 1\nb: !binary aGk=\nc: 1\n',
    'a:\n  - 1\n  - "\\ud800"\nb: 1\n',
    'a:\n  - 1\n  - __proto__: 1\n  - 3\n',
    'a: 1\nb: 2\n---\nc: 1\nd: 2\n',
    '"a\\u0020b":\n  - 1\n  - { c: 1, c: 2 }\n  - 2\n',
    `${'a'.repeat(100)}:\n  - 1\n  - { c: 1, c: 2 }\n  - "\\ud800"\n  - 2\n`,
  ])('has the same errors: %j', (written) => {
    const faults = faultsOf(() => parse(written));
    expect(faults?.problems).toBeDefined();
    expect(faultsOf(() => inParts(written))).toEqual(faults);
  });

  it('counts a list that is repeated as a whole', () => {
    const list = `a: &a\n${'  - 1\n'.repeat(3_000)}b:\n${'  - *a\n'.repeat(100)}`;
    expect(faultsOf(() => inParts(list))?.details).toContain('repeat too much');
  });

  it('refuses a list with more entries than a fleet may have', () => {
    expect(faultsOf(() => parse(`a:\n${'- 1\n'.repeat(200_000)}`))?.problems).toEqual([
      { path: 'a', message: 'must have at most 5000 entries' },
    ]);
  });

  it('may be as long as a fleet', () => {
    const entry = (index: number): string => `- name: i${index}\n  options:\n    threads: 8\n  aliases: [x${index}]\n`;
    const fleet = `version: 1\ninstances:\n${Array.from({ length: 5_000 }, (_unused, index) => entry(index)).join('')}`;
    const { instances } = parse(fleet) as { instances: unknown[] };
    expect(instances).toHaveLength(5_000);
    expect(instances.at(-1)).toEqual({ name: 'i4999', options: { threads: 8 }, aliases: ['x4999'] });
  });
});

describe('a malicious YAML body', () => {
  const MEGABYTE = 1_048_576;
  const chain = Array.from(
    { length: 30 },
    (_unused, index) => `n${index + 1}: &n${index + 1} [*n${index}, *n${index}]`,
  );

  it.each([
    ['lists in lists', '['.repeat(MEGABYTE), 'nested deeper'],
    ['objects in objects, which crash the process in the library', '{a: '.repeat(MEGABYTE / 4), 'nested deeper'],
    ['lists in lists on one line', `${'- '.repeat(MEGABYTE / 2)}x`, 'nested deeper'],
    ['names in names', '? '.repeat(MEGABYTE / 2), 'nested deeper'],
    [
      'blocks in blocks',
      Array.from({ length: 1_400 }, (_unused, depth) => `${' '.repeat(depth)}a:`).join('\n'),
      'nested',
    ],
    ['documents', '---\n'.repeat(MEGABYTE / 4), 'only one document'],
    ['nothing but commas', `[${','.repeat(MEGABYTE - 2)}]`, 'too many parts'],
    ['aliases of aliases', ['n0: &n0 [x, x]', ...chain].join('\n'), 'repeat too much'],
    ['aliases of something large', `a: &a [${'1,'.repeat(1_000)}]\nb: [${'*a,'.repeat(1_000)}]`, 'repeat too much'],
  ])('is refused: %s', (_what, text, details) => {
    const { code, extras } = refusal(text);
    expect(code).toBe('VALIDATION_ERROR');
    expect(extras.details).toContain(details);
  });

  it('deep through its aliases is refused like any depth', () => {
    const deep = Array.from({ length: 40 }, (_unused, index) => `n${index + 1}: &n${index + 1} [*n${index}]`);
    const { extras } = refusal(['n0: &n0 [x]', ...deep].join('\n'));
    expect(extras.problems?.[0]?.message).toContain('nested deeper than 32 levels');
  });

  it('has at most 5000 names, and the rest is not read', () => {
    const names = (count: number): string =>
      Array.from({ length: count }, (_unused, index) => `k${index}: 1`).join('\n');
    expect(Object.keys(parse(names(5_000)) as object)).toHaveLength(5_000);
    expect(refusal(`${names(60_000)}\n[`).extras.problems).toEqual([
      { path: '', message: 'must hold at most 5000 values' },
    ]);
  });

  it.each([
    ['a literal block', (text: string) => `a: |\n  ${text}`],
    ['a quoted text', (text: string) => `a: "${text}"`],
    ['a plain text', (text: string) => `a: ${text}`],
    ['a name', (text: string) => `"${text}": 1`],
  ])('refuses a text of more than 65536 characters: %s', (_what, document) => {
    expect(refusal(document('x'.repeat(65_537))).extras.details).toContain('more than 65536 characters');
  });

  it.each([
    ['a plain text', `a: ${'x '.repeat(8 * MEGABYTE)}`],
    ['a plain text of many lines', `a:\n${'  x\n'.repeat(4 * MEGABYTE)}`],
    ['a text with tabs behind it', `a: x${'\t'.repeat(15 * MEGABYTE)}`],
    ['a text with empty lines behind it', `a: x${'\n'.repeat(15 * MEGABYTE)}`],
    ['a block of empty lines', `a: |\n x${'\n'.repeat(15 * MEGABYTE)}`],
    ['a quoted text of empty lines', `a: "${'\n'.repeat(15 * MEGABYTE)}"`],
    ['a directive', `%${'#'.repeat(15 * MEGABYTE)}`],
  ])('of 16 MiB is refused before all of it is read: %s', (_what, text) => {
    const bytes = Buffer.from(text);
    const before = process.threadCpuUsage();
    const { extras } = refusal(bytes);
    const { user, system } = process.threadCpuUsage(before);
    expect(extras.details).toContain('more than 65536 characters');
    // Microseconds; reading all of it takes at least twice as long.
    expect(user + system).toBeLessThan(120_000);
  });

  it('pauses between long texts', () => {
    const steps = yamlBody(Buffer.from(`a:\n${`- "${'x'.repeat(60_000)}"\n`.repeat(20)}`));
    let pauses = 0;
    while (steps.next().done === false) pauses += 1;
    // One for each entry when it is checked, and at least one when it is read.
    expect(pauses).toBeGreaterThanOrEqual(40);
  });

  it.each([
    ['tags', `a: !${'x'.repeat(60_000)} 1\n`],
    ['aliases', `a: *${'x'.repeat(60_000)}\n`],
    ['unexpected texts', `a: 1\n- ${'x'.repeat(60_000)}\n`],
    [
      'repeated names in a list with a long name',
      `? "${'x'.repeat(1_000)}"\n:\n  - { c: 1, c: 2 }\n  - { d: 1, d: 2 }\n`,
    ],
  ])('is refused with a short answer: %s', (_what, line) => {
    const { extras } = refusal(line.repeat(120));
    expect(extras.problems).not.toHaveLength(0);
    for (const { path, message } of extras.problems ?? []) expect(path.length + message.length).toBeLessThan(300);
    expect(JSON.stringify(extras).length).toBeLessThan(100_000);
  });

  it('reads a text of 60 000 characters', () => {
    expect(parse(`a: ${'x'.repeat(60_000)}`)).toEqual({ a: 'x'.repeat(60_000) });
  });
});
