import { setInterval } from 'node:timers/promises';
import type { Terminal } from '../screen/terminal.ts';

/**
 * Runs a long action and shows that it is running. On a terminal, one line shows the elapsed seconds and disappears at
 * the end. Elsewhere each state that the action reports is a line.
 */
export async function withProgress<Result>(
  terminal: Terminal,
  what: string,
  signal: AbortSignal,
  act: (say: (what: string) => void) => Promise<Result>,
): Promise<Result> {
  const { stderr } = terminal.streams;
  if (terminal.isQuiet || stderr.isTTY !== true) {
    terminal.note(what);
    return act((next) => terminal.note(`llamactl: ${next}`));
  }
  const over = new AbortController();
  let said = what;
  let seconds = 0;
  const draw = (): void => void stderr.write(`\r\u{1B}[K${said}${seconds === 0 ? '' : ` ${seconds}s`}`);
  const ticking = tick(AbortSignal.any([signal, over.signal]), () => {
    seconds += 1;
    draw();
  });
  draw();
  try {
    return await act((next) => {
      said = next;
      draw();
    });
  } finally {
    over.abort();
    await ticking;
    stderr.write('\r\u{1B}[K');
  }
}

async function tick(signal: AbortSignal, act: () => void): Promise<void> {
  try {
    for await (const _ of setInterval(1_000, undefined, { signal })) act();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
