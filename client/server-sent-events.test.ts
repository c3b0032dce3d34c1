import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventParser } from './server-sent-events.ts';

const parse = (...pieces: string[]) => {
  const parser = new EventParser();
  return pieces.flatMap((piece) => parser.push(piece));
};

describe('Server-Sent Events', () => {
  it('are fields, ended by an empty line', () => {
    expect(parse('id: 1\nevent: x\ndata: a\ndata:b\ndata\n\ndata:  c\n\n')).toEqual([
      { event: 'x', data: 'a\nb\n' },
      { event: '', data: ' c' },
    ]);
  });

  it('ignore comments, unknown fields, and events without data', () => {
    expect(parse(': hello\n\nretry: 1000\n\nevent: x\n\ndata: a\nodd: b\n\n')).toEqual([{ event: '', data: 'a' }]);
  });

  it('accept all three line ends, with or without a byte order mark', () => {
    expect(parse('\u{FEFF}data: a\r\n\r\ndata: b\r\rdata: c\n\n')).toEqual([
      { event: '', data: 'a' },
      { event: '', data: 'b' },
      { event: '', data: 'c' },
    ]);
    expect(parse('', '\u{FEFF}data: a\n\n')).toEqual([{ event: '', data: 'a' }]);
  });

  it('are returned only when complete', () => {
    const parser = new EventParser();
    expect(parser.push('data: a\n')).toEqual([]);
    expect(parser.push('\n')).toEqual([{ event: '', data: 'a' }]);
    expect(parser.push('data: left')).toEqual([]);
  });

  it('are the same in chunks of any size', () => {
    const line = fc.constantFrom('data: a', 'data:', 'event: é', ': x', 'id: 7', '', '', 'data');
    const end = fc.constantFrom('\n', '\r\n', '\r');
    const text = fc.array(fc.tuple(line, end)).map((lines) => `${lines.flat().join('')}data: z\n\n`);
    fc.assert(
      fc.property(text, fc.array(fc.nat(60)), (whole, cuts) => {
        const places = [0, ...cuts.filter((cut) => cut < whole.length).sort((one, other) => one - other), whole.length];
        const pieces = places.slice(1).map((place, index) => whole.slice(places[index], place));
        expect(parse(...pieces)).toEqual(parse(whole));
      }),
    );
  });
});
