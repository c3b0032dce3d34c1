import { describe, expect, it } from 'vitest';
import { planLines } from './plan-lines.ts';
import { Style } from '../screen/style.ts';

const BARE = new Style(false);

describe('planLines', () => {
  it('lists created, changed and removed instances, and no unchanged ones', () => {
    expect(
      planLines(
        [
          { name: 'new', action: 'create', changes: [] },
          { name: 'quiet', action: 'change', changes: ['aliases'] },
          { name: 'busy', action: 'restart', changes: ['options.threads', 'port'] },
          { name: 'same', action: 'nothing', changes: [] },
          { name: 'old', action: 'remove', changes: [] },
        ],
        BARE,
      ),
    ).toEqual(['+ new', '~ quiet  aliases', '~ busy  options.threads, port  (restarts)', '- old']);
  });

  it('has errors and warnings below a step', () => {
    expect(
      planLines(
        [
          { name: 'new', action: 'create', changes: [], warnings: ['no model yet'], error: 'the port is taken' },
          { name: 'same', action: 'nothing', changes: [], warnings: ['runs with older settings'] },
          { name: 'odd', action: 'nothing', changes: [], error: 'a fault' },
        ],
        BARE,
      ),
    ).toEqual([
      '+ new',
      '    failed: the port is taken',
      '    note: no model yet',
      '    note: same: runs with older settings',
      '  odd',
      '    failed: a fault',
    ]);
  });

  it('removes control characters of a server', () => {
    const [line, error] = planLines([{ name: 'a\u{1B}[2J', action: 'remove', changes: [], error: 'x\u{7}' }], BARE);
    expect([line, error]).toEqual(['- a', '    failed: x']);
  });

  it('are coloured by action', () => {
    const [line] = planLines([{ name: 'old', action: 'remove', changes: [] }], new Style(true));
    expect(line).toBe('\u{1B}[31m- old\u{1B}[39m');
  });
});
