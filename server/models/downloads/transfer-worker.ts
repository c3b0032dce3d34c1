import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { reasonOf } from '@llamactl/contract/reason';
import { systemClock } from '../../clock.ts';
import { systemRandomness } from '../../randomness.ts';
import { Bandwidth } from './bandwidth.ts';
import { BlobTransfer, type TransferOutcome, type TransferTask } from './blob-transfer.ts';
import type { TransferCommand, TransferReport, TransferSettings } from './transfer-messages.ts';

/** The thread of transfers: connections, checksums and writing cost the server's event loop nothing. */
function serve(port: MessagePort, { environment, bytesPerSecond, endpoints }: TransferSettings): void {
  const clock = systemClock();
  const bandwidth = new Bandwidth(clock, bytesPerSecond);
  const randomness = systemRandomness();
  const umask = process.umask();
  const running = new Map<number, AbortController>();
  const report = (message: TransferReport): void => port.postMessage(message);

  const run = async (number: number, task: TransferTask): Promise<void> => {
    const stop = new AbortController();
    running.set(number, stop);
    const onProgress = (progress: { done: number; phase: 'fetching' | 'verifying' }): void =>
      report({ type: 'progress', number, ...progress });
    const parts = {
      clock,
      fraction: () => randomness.fraction(),
      bandwidth,
      freeSpace,
      environment,
      endpoints,
      onProgress,
      umask,
    };
    let outcome: TransferOutcome;
    try {
      outcome = await new BlobTransfer(task, parts).run(stop.signal);
    } catch (error) {
      outcome = { kind: 'failed', why: reasonOf(error) };
    }
    running.delete(number);
    report({ type: 'ended', number, outcome });
  };

  port.on('message', (command: TransferCommand) => {
    if (command.type === 'start') void run(command.number, command.task);
    else running.get(command.number)?.abort();
  });
}

async function freeSpace(file: string): Promise<number> {
  const { bavail, bsize } = await statfs(path.dirname(file));
  return bavail * bsize;
}

if (parentPort !== null) serve(parentPort, workerData as TransferSettings);
