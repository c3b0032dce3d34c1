import { describe, expect, it } from 'vitest';
import { buckets, Histogram } from './histogram.ts';
import { Exposition } from './exposition.ts';

describe('Exposition', () => {
  it("keeps a family's samples together, under its help and type", () => {
    const exposition = new Exposition();
    exposition.family('a_total', 'counter', 'How many.').add(1, { x: '1' });
    exposition.family('b', 'gauge', 'How much.').add(0.5);
    exposition.family('a_total', 'gauge', 'Ignored.').add(2, { x: '2', y: '' });
    exposition.family('nothing', 'gauge', 'Has no figure.');
    expect(exposition.bytes().toString()).toBe(
      [
        '# HELP a_total How many.',
        '# TYPE a_total counter',
        'a_total{x="1"} 1',
        'a_total{x="2",y=""} 2',
        '# HELP b How much.',
        '# TYPE b gauge',
        'b 0.5',
        '',
      ].join('\n'),
    );
  });

  it('keeps all lines of a long text whole and in order, in any script', () => {
    const exposition = new Exposition();
    const family = exposition.family('a', 'gauge', 'H.');
    const long = '模'.repeat(100_000);
    const values = Array.from({ length: 2_000 }, (_, index) => (index === 1_000 ? long : `模型😀${index}`));
    for (const [index, value] of values.entries()) family.add(index, { x: value });
    const lines = values.map((value, index) => `a{x="${value}"} ${index}\n`);
    expect(exposition.bytes().toString()).toBe(`# HELP a H.\n# TYPE a gauge\n${lines.join('')}`);
  });

  it('escapes labels and help', () => {
    const exposition = new Exposition();
    exposition.family('a', 'gauge', 'C:\\new\nline').add(1, { x: 'a"b\\c\nd' });
    expect(exposition.bytes().toString()).toBe('# HELP a C:\\\\new\\nline\n# TYPE a gauge\na{x="a\\"b\\\\c\\nd"} 1\n');
  });

  it.each([
    [0, '0'],
    [-1.5, '-1.5'],
    [1e21, '1e+21'],
    [Infinity, '+Inf'],
    [-Infinity, '-Inf'],
    [Number.NaN, 'NaN'],
  ])('writes %s', (value, text) => {
    const exposition = new Exposition();
    exposition.family('a', 'gauge', '').add(value);
    expect(exposition.bytes().toString()).toContain(`\na ${text}\n`);
  });
});

describe('Histogram', () => {
  const written = (values: readonly number[]): string[] => {
    const exposition = new Exposition();
    const histogram = new Histogram(buckets(0.5, 1));
    for (const value of values) histogram.observe(value);
    histogram.write(exposition.family('h', 'histogram', ''), 'x="1"');
    return exposition.bytes().toString().split('\n').slice(2, -1);
  };

  it('counts values up to each bound', () => {
    expect(written([0, 0.5, 0.75, 1, 30])).toEqual([
      'h_bucket{x="1",le="0.5"} 2',
      'h_bucket{x="1",le="1"} 4',
      'h_bucket{x="1",le="+Inf"} 5',
      'h_sum{x="1"} 32.25',
      'h_count{x="1"} 5',
    ]);
  });

  it('writes nothing before the first value', () => {
    expect(written([])).toEqual([]);
  });
});
