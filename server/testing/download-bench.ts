import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { DomainEvent } from '@llamactl/contract/events';
import { systemClock } from '../clock.ts';
import type { HubView } from '../http/routes/hub.routes.ts';
import { Downloads } from '../models/downloads/downloads.ts';
import { ModelLibrary } from '../models/library.ts';
import { systemRandomness } from '../randomness.ts';
import { SlicedWork } from '../sliced-work.ts';
import { openStore, type SqliteStore } from '../store/sqlite.ts';
import { FakeTransfers } from './fake-transfers.ts';
import { LoopbackHub, loopbackModels } from './loopback-hub.ts';
import { RecordingEvents } from './recording-events.ts';

/** Events that go on to a listener. */
class SentEvents extends RecordingEvents {
  onEvent: (event: DomainEvent) => void = () => undefined;

  override publish(...parameters: Parameters<RecordingEvents['publish']>): void {
    const before = this.events.length;
    super.publish(...parameters);
    for (const event of this.events.slice(before)) this.onEvent(event);
  }
}

/**
 * Downloads from a hub on loopback into a folder, and the library of that folder. The test ends each transfer. Its parts
 * are those of an HTTP server.
 */
export class DownloadBench {
  readonly hub: LoopbackHub;
  readonly transfers = new FakeTransfers();
  readonly store: SqliteStore;
  readonly downloads: Downloads;
  readonly models: ModelLibrary;
  /** The cache, in the layout of Hugging Face. */
  readonly root: string;
  /** Bytes available on the disk. */
  free = Infinity;
  readonly #folder: string;
  readonly #events = new SentEvents();

  private constructor(folder: string, hub: LoopbackHub) {
    const clock = systemClock();
    const onFault = (error: unknown): never => {
      throw error;
    };
    this.hub = hub;
    this.#folder = folder;
    this.root = path.join(folder, 'hub');
    this.store = openStore({ file: path.join(folder, 'llamactl.db'), clock });
    this.models = new ModelLibrary({
      clock,
      work: new SlicedWork(clock),
      places: [{ source: 'hugging_face', folder: this.root, layout: 'hub' }],
      watchFolder: () => () => undefined,
      indexFile: path.join(folder, 'models.index'),
      onFault,
    });
    this.downloads = new Downloads({
      clock,
      randomness: systemRandomness(),
      store: this.store.downloads,
      source: loopbackModels(hub),
      transfers: this.transfers,
      events: this.#events,
      sendProgress: (data) => this.#events.onEvent({ type: 'download_progress', data }),
      alerts: { raise: () => undefined, clear: () => undefined },
      rootFor: () => this.root,
      owner: 'us',
      freeSpace: async () => this.free,
      findModels: () => this.models.refresh(),
      onFault,
    });
  }

  static async open(): Promise<DownloadBench> {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-downloads-'));
    const bench = new DownloadBench(folder, await LoopbackHub.open());
    await bench.models.refresh();
    await bench.downloads.load();
    bench.downloads.begin();
    return bench;
  }

  /** The view of the hub for an HTTP server. */
  get hubView(): HubView {
    const memory: HubView['memory'] = async () => ({ kind: 'ram', name: 'memory', total: 16e9 });
    return { remote: loopbackModels(this.hub), memory, rootFor: () => this.root };
  }

  /** Sends the events of downloads on. */
  onEvent(listener: (event: DomainEvent) => void): void {
    this.#events.onEvent = listener;
  }

  async close(): Promise<void> {
    await this.downloads.close();
    this.models.close();
    await this.store.close();
    await this.hub.close();
    await rm(this.#folder, { recursive: true });
  }
}
