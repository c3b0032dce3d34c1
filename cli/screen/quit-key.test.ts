import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { hearKeys } from './quit-key.ts';

function keyboard(): { stdin: PassThrough; modes: boolean[]; heard: string[]; release: () => void } {
  const modes: boolean[] = [];
  const heard: string[] = [];
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (isRaw: boolean) => modes.push(isRaw) });
  const release = hearKeys(
    stdin,
    () => heard.push('quit'),
    (signal) => heard.push(signal),
  );
  return { stdin, modes, heard, release };
}

async function press(stdin: PassThrough, keys: string): Promise<void> {
  stdin.write(keys);
  await new Promise((resolve) => setImmediate(resolve));
}

describe('the keys during a watch', () => {
  it('are q to quit, and those of the signals of a terminal', async () => {
    const { stdin, heard, release } = keyboard();
    await press(stdin, 'xq\u0003\u001C');
    expect(heard).toEqual(['quit', 'SIGINT', 'SIGQUIT']);
    release();
  });

  it('leave the terminal as it was, at the end and while the program is suspended', async () => {
    const { stdin, modes, heard, release } = keyboard();
    await press(stdin, '\u001A');
    expect([modes, heard]).toEqual([[true, false], ['SIGTSTP']]);
    process.emit('SIGCONT');
    release();
    process.emit('SIGCONT');
    expect(modes).toEqual([true, false, true, false]);
    expect(stdin.isPaused()).toBe(true);
  });
});
