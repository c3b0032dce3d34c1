import { describe, expect, it } from 'vitest';
import { LoadTimeList } from './load-time-list.ts';

describe('the times of loads', () => {
  it('are the last five of a kind', () => {
    const list = new LoadTimeList();
    for (const seconds of [1, 2, 3, 4, 5, 6]) list.add('a', seconds);
    expect([list.of('a'), list.of('b')]).toEqual([[2, 3, 4, 5, 6], []]);
    list.forget('a');
    expect(list.of('a')).toEqual([]);
  });

  it('are found again in their text, which has no command line', () => {
    const list = new LoadTimeList();
    list.add('llama-server --api-key s3cret', 7);
    expect(list.text).not.toContain('s3cret');
    expect(new LoadTimeList(list.text).of('llama-server --api-key s3cret')).toEqual([7]);
  });

  it.each(['', '{', '{"version":2,"kinds":[]}', '{"version":1,"kinds":[["a",["x"]]]}'])(
    'are empty for a text that is none: %s',
    (text) => {
      expect(JSON.parse(new LoadTimeList(text).text)).toEqual({ version: 1, kinds: [] });
    },
  );

  it('are bounded: the kinds that were used last stay', () => {
    const list = new LoadTimeList();
    list.add('first', 1);
    for (let kind = 0; kind < 1_999; kind += 1) list.add(String(kind), kind);
    list.add('first', 2);
    list.add('one more', 3);
    expect([list.of('first'), list.of('0'), list.of('1')]).toEqual([[1, 2], [], [1]]);
    expect(list.text.length).toBeLessThan(150_000);
  });

  it('report each change', () => {
    let changes = 0;
    const list = new LoadTimeList(null, () => (changes += 1));
    list.add('a', 1);
    list.forget('b');
    list.forget('a');
    expect(changes).toBe(2);
  });
});
