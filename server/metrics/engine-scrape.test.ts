import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { createEngineScrape, type EngineScrape } from './engine-scrape.ts';
import { parseEngineText, writeEngineFamilies } from './engine-text.ts';
import type { EngineText, ScrapeTarget } from './metrics-ports.ts';
import { Exposition } from './exposition.ts';

const LLAMA = [
  '# HELP llamacpp:prompt_tokens_total Number of prompt tokens processed',
  '# TYPE llamacpp:prompt_tokens_total counter',
  'llamacpp:prompt_tokens_total 56',
  '# HELP llamacpp:requests_processing Number of requests processing',
  '# TYPE llamacpp:requests_processing gauge',
  'llamacpp:requests_processing 0',
  '',
].join('\n');

function shown(...engines: [instance: string, text: string][]): string {
  const exposition = new Exposition();
  for (const [instance, text] of engines) writeEngineFamilies(exposition, parseEngineText(text), instance);
  return exposition.bytes().toString();
}

describe('the figures of engines', () => {
  it('are exported under the names of their instances, merged by family', () => {
    expect(shown(['a', LLAMA], ['b"', LLAMA.replace('56', '7')])).toBe(
      [
        '# HELP llamacpp:prompt_tokens_total Number of prompt tokens processed',
        '# TYPE llamacpp:prompt_tokens_total counter',
        'llamacpp:prompt_tokens_total{instance="a"} 56',
        'llamacpp:prompt_tokens_total{instance="b\\""} 7',
        '# HELP llamacpp:requests_processing Number of requests processing',
        '# TYPE llamacpp:requests_processing gauge',
        'llamacpp:requests_processing{instance="a"} 0',
        'llamacpp:requests_processing{instance="b\\""} 0',
        '',
      ].join('\n'),
    );
  });

  it('keep labels, histograms and unusual numbers, but no timestamps', () => {
    const text = [
      '# TYPE v:h histogram',
      'v:h_bucket{model_name="a}b, c=\\"d\\"",le="+Inf"} 3',
      'v:h_sum{model_name="m",} 1.5e-3 1700000000000',
      'v:h_count 3',
      'v:alone_count NaN',
      'v:up { instance="x" , y = "z" }\t-Inf',
    ].join('\r\n');
    expect(
      shown(['i', text])
        .split('\n')
        .filter((line) => !line.startsWith('#')),
    ).toEqual([
      'v:h_bucket{instance="i",model_name="a}b, c=\\"d\\"",le="+Inf"} 3',
      'v:h_sum{instance="i",model_name="m"} 1.5e-3',
      'v:h_count{instance="i"} 3',
      'v:alone_count{instance="i"} NaN',
      'v:up{instance="i",exported_instance="x",y="z"} -Inf',
      '',
    ]);
  });

  it.each([
    '<html>no</html>',
    'a',
    'a b',
    'a 1 2 3',
    'a{x=1} 1',
    'a{x="1} 1',
    'a{x="\\q"} 1',
    'a{x="1",x="2"} 1',
    'a{instance="1",exported_instance="2"} 1',
    'a{__name__="b"} 1',
    '1a 1',
    'a 0x10',
    'a Infinity',
    'llamactl_requests_total{instance="other"} 1',
    'process_cpu_seconds_total 1',
    `a{x="${'y'.repeat(20_000)}"} 1`,
  ])('is left out where it is none: %.40s', (line) => {
    expect(shown(['i', `${line}\nok 1\n`])).toBe('# HELP ok \n# TYPE ok untyped\nok{instance="i"} 1\n');
  });

  it('are bounded', () => {
    const text = Array.from({ length: 20_000 }, (_, index) => `a{x="${index}"} 1`).join('\n');
    expect(shown(['i', text]).split('\n')).toHaveLength(5_003);
  });

  it('keep the first type when two engines differ', () => {
    expect(shown(['a', '# TYPE x counter\nx 1'], ['b', '# TYPE x gauge\nx 2'])).not.toContain('instance="b"');
  });

  it('never break the page, whatever the engine writes', () => {
    const line = fc.array(
      fc.constantFrom('a', '{', '}', '"', '\\', ',', '=', ' ', '1', '#', ' TYPE a gauge', '\t', 'le'),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(
        fc.array(
          line.map((parts) => parts.join('')),
          { maxLength: 5 },
        ),
        (lines) => {
          for (const each of shown(['i', lines.join('\n')])
            .split('\n')
            .slice(0, -1)) {
            expect(each).toMatch(
              /^(?:# (?:HELP|TYPE) [a-z][a-z1]* .*|[a-z1]+\{instance="i"(?:,[a-z1]+="(?:[^"\\]|\\[\\"n])*")*\} 1+)$/,
            );
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('EngineScrape', () => {
  let clock: FakeClock;
  let targets: ScrapeTarget[];
  let answers: Map<number, EngineText | null>;
  let asked: number[];
  let scrape: EngineScrape;

  const engine = (name: string, port: number, key = 'run-1'): ScrapeTarget => ({
    name,
    target: { port, healthPath: '/health', key },
  });
  const lines = (...instances: string[]): string[] => {
    const exposition = new Exposition();
    scrape.write(exposition, instances);
    return exposition
      .bytes()
      .toString()
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
  };

  beforeEach(() => {
    clock = new FakeClock();
    targets = [engine('a', 1), engine('b', 2)];
    answers = new Map([
      [1, { status: 200, text: 'x 1\n' }],
      [2, { status: 200, text: 'x 2\n' }],
    ]);
    asked = [];
    scrape = createEngineScrape({
      clock,
      targets: () => targets,
      read: async ({ port }, path) => {
        expect(path).toBe('/metrics');
        asked.push(port);
        return answers.get(port) ?? null;
      },
    });
  });

  it('scrapes once for concurrent callers, and again later', async () => {
    await Promise.all([scrape.refresh(), scrape.refresh()]);
    await scrape.refresh();
    await clock.advance(4_999);
    await scrape.refresh();
    expect(asked).toEqual([1, 2]);
    await clock.advance(1);
    await scrape.refresh();
    expect(asked).toEqual([1, 2, 1, 2]);
  });

  it('writes the figures of each visible engine', async () => {
    await scrape.refresh();
    expect(lines('a', 'b', 'c')).toEqual([
      'llamactl_engine_scrape_success{instance="a"} 1',
      'llamactl_engine_scrape_success{instance="b"} 1',
      'x{instance="a"} 1',
      'x{instance="b"} 2',
    ]);
    expect(lines('b')).toEqual(['llamactl_engine_scrape_success{instance="b"} 1', 'x{instance="b"} 2']);
  });

  it('reports a silent engine, without old figures', async () => {
    await scrape.refresh();
    answers.set(1, null);
    answers.set(2, { status: 503, text: 'x 9' });
    await clock.advance(5_000);
    await scrape.refresh();
    expect(lines('a', 'b')).toEqual([
      'llamactl_engine_scrape_success{instance="a"} 0',
      'llamactl_engine_scrape_success{instance="b"} 0',
    ]);
  });

  it.each([404, 405, 501])('does not retry status %i until the next run', async (status) => {
    answers.set(1, { status, text: '' });
    for (let count = 0; count < 3; count += 1) {
      await scrape.refresh();
      await clock.advance(5_000);
    }
    expect(asked.filter((port) => port === 1)).toEqual([1]);
    expect(lines('a')).toEqual([]);
    targets = [engine('a', 1, 'run-2')];
    answers.set(1, { status: 200, text: 'x 3' });
    await scrape.refresh();
    expect(lines('a', 'b')).toEqual(['llamactl_engine_scrape_success{instance="a"} 1', 'x{instance="a"} 3']);
  });
});
