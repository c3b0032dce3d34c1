import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { reasonOf } from '@llamactl/contract/reason';
import { systemClock } from '../../clock.ts';
import { systemRandomness } from '../../randomness.ts';
import { Bandwidth } from './bandwidth.ts';
import { checkBlob } from './blob-check.ts';
import { BlobTransfer, type TransferOutcome, type TransferProgress, type TransferTask } from './blob-transfer.ts';
import type { TransferCommand, TransferReport, TransferSettings } from './transfer-messages.ts';

type OnProgress = (progress: TransferProgress) => void;

/** The thread of transfers: connections, checksums and writing cost the server's event loop nothing. */
function serve(port: MessagePort, { environment, bytesPerSecond, endpoints }: TransferSettings): void {
  const clock = systemClock();
  const bandwidth = new Bandwidth(clock, bytesPerSecond);
  const randomness = systemRandomness();
  const umask = process.umask();
  const running = new Map<number, AbortController>();
  const report = (message: TransferReport): void => port.postMessage(message);

  const transfer = async (
    task: TransferTask,
    signal: AbortSignal,
    onProgress: OnProgress,
  ): Promise<TransferOutcome> => {
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
    try {
      return await new BlobTransfer(task, parts).run(signal);
    } catch (error) {
      return { kind: 'failed', why: reasonOf(error) };
    }
  };
  const run = async (command: Exclude<TransferCommand, { type: 'stop' }>): Promise<void> => {
    const { number } = command;
    const stop = new AbortController();
    running.set(number, stop);
    const onProgress: OnProgress = (progress) => report({ type: 'progress', number, ...progress });
    const outcome =
      command.type === 'start'
        ? await transfer(command.task, stop.signal, onProgress)
        : await checkBlob(command.task, stop.signal, onProgress);
    running.delete(number);
    report({ type: 'ended', number, outcome });
  };

  port.on('message', (command: TransferCommand) => {
    if (command.type === 'stop') running.get(command.number)?.abort();
    else void run(command);
  });
}

async function freeSpace(file: string): Promise<number> {
  const { bavail, bsize } = await statfs(path.dirname(file));
  return bavail * bsize;
}

if (parentPort !== null) serve(parentPort, workerData as TransferSettings);
