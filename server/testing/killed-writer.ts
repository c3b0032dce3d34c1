import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/**
 * Runs a program in its own process, and kills it with SIGKILL up to 3 ms after it has written `options.lines` lines.
 *
 * @param options.source The source of a module; `options.values` are its `process.argv.slice(1)`.
 * @returns every line that it wrote
 */
export async function writeUntilKilled(options: {
  source: string;
  values: readonly string[];
  lines: number;
}): Promise<string[]> {
  const { source, values, lines } = options;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source, ...values], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const written: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    written.push(line);
    if (written.length === lines) setTimeout(() => child.kill('SIGKILL'), Math.random() * 3);
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  if (child.signalCode !== 'SIGKILL') throw new Error(`The program ended by itself, with ${child.exitCode}.`);
  return written;
}
