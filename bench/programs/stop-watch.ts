import { closeSync, openSync, readSync } from 'node:fs';

/**
 * Notes for how long a process is stopped (state T), by reading its stat every 0.2 ms. Asked over IPC, it answers all
 * stops so far in milliseconds.
 *
 *     node stop-watch.ts PID
 */

const LOOK_EVERY_MS = 0.2;

const [pid = ''] = process.argv.slice(2);
const file = openSync(`/proc/${pid}/stat`, 'r');
const buffer = Buffer.alloc(4_096);
const sleeper = new Int32Array(new SharedArrayBuffer(4));
const stops: number[] = [];
let stoppedAt: number | null = null;

function look(): void {
  const text = buffer.toString('latin1', 0, readSync(file, buffer, 0, buffer.length, 0));
  const isStopped = text.charAt(text.lastIndexOf(')') + 2) === 'T';
  const now = performance.now();
  if (isStopped) stoppedAt ??= now;
  if (!isStopped && stoppedAt !== null) {
    stops.push(now - stoppedAt);
    stoppedAt = null;
  }
  Atomics.wait(sleeper, 0, 0, LOOK_EVERY_MS);
  setImmediate(look);
}

process.on('message', () => process.send?.({ stops }));
process.on('disconnect', () => {
  closeSync(file);
  process.exit(0);
});
look();
