import { describe, expect, it } from 'vitest';
import { engineFates } from './stopped-engines.ts';

const ENGINES = [
  { name: 'chat', pid: 1 },
  { name: 'embed', pid: 2 },
  { name: 'code', pid: 3 },
];

describe('the fate of the engines of a stopped server', () => {
  it.each([
    ['all live on', [1, 2, 3], ['engines keep running, and the next server adopts them: chat, embed, code']],
    ['all ended', [], ['stopped: chat, embed, code']],
    ['some live on', [2], ['stopped: chat, code', 'engines keep running, and the next server adopts them: embed']],
  ])('is reported when %s', (_what, alive, lines) => {
    expect(engineFates(ENGINES, (pid) => alive.includes(pid))).toEqual(lines);
  });

  it('is reported when there were none, or they are unknown', () => {
    expect(engineFates([], () => true)).toEqual(['no engine was running']);
    expect(engineFates(null, () => true)).toEqual([
      'engines that were running keep running, and the next server adopts them',
    ]);
  });
});
