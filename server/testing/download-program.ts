import path from 'node:path';
import { systemClock } from '../clock.ts';
import { Downloads } from '../models/downloads/downloads.ts';
import { TransferThread } from '../models/downloads/transfer-thread.ts';
import { startTransferWorker } from '../models/downloads/worker-script.ts';
import { systemRandomness } from '../randomness.ts';
import { openStore } from '../store/sqlite.ts';
import { FakeModelSource } from './fake-model-source.ts';
import { RecordingEvents } from './recording-events.ts';

/**
 * A program that continues the downloads of a folder, or begins one of one file, and prints its bytes and its state at each
 * change. It ends when the download does. For tests that kill it.
 *
 *     node download-program.ts FOLDER URL SIZE SHA256
 */
const [folder = '', url = '', size = '', sha256 = ''] = process.argv.slice(2);
const clock = systemClock();
const store = openStore({ file: path.join(folder, 'llamactl.db'), clock });
const source = new FakeModelSource();
source.add('org/repo:Q4', [{ path: 'a.gguf', size: Number(size), sha256, blob: sha256, url }]);
const downloads = new Downloads({
  clock,
  randomness: systemRandomness(),
  store: store.downloads,
  source,
  transfers: new TransferThread(clock, () => startTransferWorker({ environment: {}, bytesPerSecond: 0 })),
  // Each process would number its events from 1, and the store refuses a number that it has.
  events: new RecordingEvents(clock.now() * 1_000),
  sendProgress: () => undefined,
  alerts: { raise: () => undefined, clear: () => undefined },
  rootFor: () => path.join(folder, 'hub'),
  owner: folder,
  freeSpace: async () => Infinity,
  findModels: async () => undefined,
  onFault: (error) => {
    throw error;
  },
});
await downloads.load();
downloads.begin();
const model = { model: 'org/repo:Q4', revision: null };
if (downloads.list().length === 0) await downloads.create(model, 'test', new AbortController().signal);
let last = '';
const look = setInterval(() => {
  const [download] = downloads.list();
  const line = `${download?.done_bytes} ${download?.state}`;
  if (line !== last) process.stdout.write(`${line}\n`);
  last = line;
  if (download?.state !== 'done' && download?.state !== 'failed') return;
  clearInterval(look);
  void downloads.close().then(() => store.close());
}, 5);
