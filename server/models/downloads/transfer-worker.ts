import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { reasonOf } from '@llamactl/contract/reason';
import { Bandwidth } from './bandwidth.ts';
import { checkBlob } from './blob-check.ts';
import { BlobTransfer, type TransferOutcome, type TransferProgress, type TransferTask } from './blob-transfer.ts';
import { transferParts } from './transfer-parts.ts';
import type { TransferCommand, TransferReport, TransferSettings } from './transfer-messages.ts';

type OnProgress = (progress: TransferProgress) => void;

/** The thread of transfers: connections, checksums and writing cost the server's event loop nothing. */
function serve(port: MessagePort, { environment, bytesPerSecond, endpoints }: TransferSettings): void {
  const machine = transferParts();
  const bandwidth = new Bandwidth(machine.clock, bytesPerSecond);
  const running = new Map<number, AbortController>();
  const report = (message: TransferReport): void => port.postMessage(message);

  const transfer = async (
    task: TransferTask,
    signal: AbortSignal,
    onProgress: OnProgress,
  ): Promise<TransferOutcome> => {
    const parts = { ...machine, bandwidth, environment, endpoints, onProgress };
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

if (parentPort !== null) serve(parentPort, workerData as TransferSettings);
