import { readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pictureOf, recordSession, SESSION, SESSION_PICTURE } from './session-picture.ts';
import { isLong } from './test-tier.ts';

/** The lines of a picture, without what differs between two sessions. */
function textOf(picture: string): string[] {
  const lines = picture.split('\n').filter((line) => line.startsWith('<text'));
  return lines.map((line) =>
    line
      .replaceAll(/<[^>]+>/g, '')
      .replaceAll(/\d+/g, '1')
      .replaceAll(/ +/g, ' '),
  );
}

describe('the picture of a session', () => {
  it('has commands and output with their colours, as text', () => {
    const picture = pictureOf(['$ llamactl ps', '\u001B[2mNAME\u001B[22m', 'a  \u001B[32mrunning\u001B[39m  <1 & 2>']);
    expect(picture).toContain('<tspan class="faint">$ </tspan><tspan class="command">llamactl ps</tspan></text>');
    expect(picture).toContain('><tspan class="faint">NAME</tspan></text>');
    expect(picture).toContain('>a  <tspan class="good">running</tspan>  &lt;1 &amp; 2&gt;</text>');
  });

  it('is wide enough for the longest line', () => {
    const width = (line: string): number => Number(/ width="(\d+)"/.exec(pictureOf([line]))?.[1]);
    expect(width('\u001B[1mab\u001B[22m')).toBe(width('ab'));
    expect(width('a'.repeat(100)) - width('')).toBe(790);
  });
});

describe('the picture in the README', () => {
  const picture = readFileSync(SESSION_PICTURE, 'utf8');

  it('is small, and has the commands of the session', () => {
    expect(statSync(SESSION_PICTURE).size).toBeLessThan(40_000);
    const commands = textOf(picture).filter((line) => line.startsWith('$ '));
    expect(commands).toEqual(textOf(pictureOf(SESSION.map((command) => `$ ${command}`))));
  });

  it.runIf(isLong)('shows what the program prints today', async () => {
    expect(textOf(pictureOf(await recordSession()))).toEqual(textOf(picture));
  });
});
