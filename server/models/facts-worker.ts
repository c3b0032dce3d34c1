import { type MessagePort, parentPort } from 'node:worker_threads';
import { readEach } from './facts-reader.ts';
import type { ReadableFile } from './file-facts.ts';

/** The thread that reads headers: parsing them costs the server's event loop nothing. Answers each list of files with their facts. */
function serve(port: MessagePort): void {
  const read = async (files: readonly ReadableFile[]): Promise<void> => {
    const facts = await readEach(files);
    port.postMessage(facts);
  };
  // A rejection ends the thread, which the server reports.
  port.on('message', (files: readonly ReadableFile[]) => void read(files));
}

if (parentPort !== null) serve(parentPort);
