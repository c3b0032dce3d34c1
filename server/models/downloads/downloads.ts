import path from 'node:path';
import { codeOf } from '@llamactl/contract/reason';
import { ApiError } from '@llamactl/contract/errors';
import type { Download, DownloadProgress } from '@llamactl/contract/download';
import type { CheckedFile } from '@llamactl/contract/model';
import type { AlertSink } from '../../instances/ports/alert-sink.ts';
import type { EventSink } from '../../instances/ports/event-sink.ts';
import { StoreClosed } from '../../instances/ports/instance-store.ts';
import type { Randomness } from '../../instances/ports/random-values.ts';
import { atMost, type Clock } from '../../instances/ports/time.ts';
import { RESERVED_BYTES } from './blob-transfer.ts';
import { RoomWatch } from './room-watch.ts';
import { DownloadJob } from './download-job.ts';
import type { DownloadRecord, DownloadStore } from './download-store.ts';
import { HubCache, isThere } from './hub-cache.ts';
import { contentOf, downloadModel, type DownloadOutcome, type ModelDownloadListener } from './model-download.ts';
import { checkFiles } from './model-check.ts';
import {
  filesBelow,
  type OwnFile,
  ownFiles,
  type RemovedFiles,
  removeFiles,
  type UnwantedModel,
} from './model-removal.ts';
import type { ModelSource, RemoteFile, RemoteModel } from './model-source.ts';
import { partialBytes, removeOwnPartial } from './partial-file.ts';
import type { Transfers } from './transfer-thread.ts';
import { Turns } from './turns.ts';

/** Downloads, as the API uses them. */
export interface DownloadJobs {
  /** Oldest first. */
  list(): Download[];
  /** @throws {ApiError} `NOT_FOUND` */
  get(id: string): Download;
  /**
   * Starts the download of a model, or continues the one that brings these files. Rejects with an {@link ApiError}: `DISK_FULL`,
   * or that of the source.
   *
   * @param by The caller, for people.
   */
  create(wanted: { model: string; revision: string | null }, by: string, signal: AbortSignal): Promise<CreatedDownload>;
  pause(id: string): Promise<Download>;
  resume(id: string): Promise<Download>;
  /** Cancels an open download, and forgets any other. @returns which of the two it was */
  remove(id: string): Promise<'cancelled' | 'forgotten'>;
  /** Compares files with the hashes of their source. A folder stands for all its files. Never rejects for a file. */
  checkFiles(files: readonly string[], signal: AbortSignal): Promise<CheckedFile[]>;
  /**
   * Deletes the files of a model that downloads made, and updates the list of models. Rejects with an {@link ApiError}:
   * `FORBIDDEN` for files of other programs, `MODEL_IN_USE` while a download needs them, and that of `assertUnused`.
   *
   * @param assertUnused Called with the paths of the blobs right before they are removed.
   */
  deleteModel(model: UnwantedModel, assertUnused: (blobs: readonly string[]) => Promise<void>): Promise<RemovedFiles>;
}

export interface CreatedDownload {
  download: Download;
  /** `false`: it was there. */
  isNew: boolean;
}

export interface DownloadsOptions {
  clock: Clock;
  randomness: Pick<Randomness, 'token'>;
  store: DownloadStore;
  source: ModelSource;
  transfers: Transfers;
  events: EventSink;
  /** Sends progress that is not kept. */
  sendProgress: (progress: DownloadProgress) => void;
  alerts: AlertSink;
  /** The cache for the files of a source, absolute. */
  rootFor: (source: RemoteModel['source']) => string;
  /** The data directory. */
  owner: string;
  /** Bytes available to us on the disk of a folder, which need not exist. */
  freeSpace: (folder: string) => Promise<number>;
  /** Updates the list of models, before a download is called done. Never rejects. */
  findModels: () => Promise<void>;
  onFault: (error: unknown, what: string) => void;
}

/** Most downloads at once: more would only share the same line. */
const MOST_RUNNING = 2;
const EVENT_EVERY_MS = 1_000;
/** How long work may take to end after its stop, on a disk that hangs. */
const CLOSE_MS = 2_000;
const KEPT_MS = 7 * 86_400_000;
const PRUNE_EVERY_MS = 3_600_000;
const ID_BYTES = 8;

/** Owns all downloads: their order, their states, and the work on them. They go on when the next server begins. */
export class Downloads implements DownloadJobs {
  readonly #options: DownloadsOptions;
  readonly #turns = new Turns();
  readonly #unsaved = new Map<string, bigint>();
  readonly #checked = new Map<string, string>();
  readonly #disk: RoomWatch;
  /** By id, oldest first. */
  readonly #jobs = new Map<string, DownloadJob>();
  #isBegun = false;
  #isClosed = false;
  #cancelPrune = (): void => undefined;

  constructor(options: DownloadsOptions) {
    this.#options = options;
    this.#disk = new RoomWatch({
      ...options,
      jobs: () => this.#jobs.values(),
      proceed: (job) => this.#keep(this.#change(job, { state: 'queued', error: null })),
    });
  }

  /** Reads the stored downloads. Call it before any other method. */
  async load(): Promise<void> {
    for (const record of await this.#options.store.load()) this.#jobs.set(record.id, new DownloadJob(record));
  }

  /** Begins to work. */
  begin(): void {
    this.#isBegun = true;
    this.#prune();
    void this.#learnAll().catch((error: unknown) => this.#options.onFault(error, 'looking at incomplete downloads'));
    this.#schedule();
    this.#disk.begin();
  }

  /** Ends all work, which keeps its state: the next server goes on. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#disk.close();
    this.#cancelPrune();
    const works = [...this.#jobs.values()].flatMap(({ work }) => (work === null ? [] : [work]));
    for (const { stop } of works) stop.abort();
    await this.#options.transfers.close();
    // A transfer that has just ended stores its file.
    await atMost(this.#options.clock, CLOSE_MS, Promise.all(works.map(({ ended }) => ended)));
  }

  list(): Download[] {
    return [...this.#jobs.values()].map((job) => this.#view(job));
  }

  get(id: string): Download {
    return this.#view(this.#job(id));
  }

  async create(
    wanted: { model: string; revision: string | null },
    by: string,
    signal: AbortSignal,
  ): Promise<CreatedDownload> {
    const { source, randomness, clock, rootFor } = this.#options;
    const model = await source.resolve(wanted.model, wanted.revision, signal);
    const root = rootFor(model.source);
    const known = this.#openJob({ model, root });
    if (known !== null) return { download: await this.resume(known.record.id), isNew: false };
    const id = randomness.token(ID_BYTES);
    const record: DownloadRecord = {
      id,
      model,
      root,
      state: 'queued',
      error: null,
      createdBy: by,
      createdAt: new Date(clock.now()).toISOString(),
      finishedAt: null,
    };
    const job = new DownloadJob(record);
    await this.#learn(job);
    await this.#checkRoom(job);
    // Another caller may have asked for the same meanwhile.
    const other = this.#openJob({ model, root });
    if (other !== null) return { download: this.#view(other), isNew: false };
    this.#jobs.set(id, job);
    try {
      await this.#store(job);
    } catch (error) {
      this.#jobs.delete(id);
      throw error;
    }
    this.#schedule();
    return { download: this.#view(job), isNew: true };
  }

  async pause(id: string): Promise<Download> {
    const job = this.#job(id);
    const { state, error } = job.record;
    if (state === 'queued' || state === 'running' || (state === 'paused' && error !== null)) {
      await this.#change(job, { state: 'paused', error: null });
      await job.work?.ended;
    }
    return this.#view(job);
  }

  async resume(id: string): Promise<Download> {
    const job = this.#job(id);
    const isAtRest = (): boolean => job.record.state === 'paused' || job.record.state === 'failed';
    if (isAtRest()) await this.#checkRoom(job);
    if (isAtRest()) await this.#change(job, { state: 'queued', error: null, finishedAt: null });
    return this.#view(job);
  }

  async remove(id: string): Promise<'cancelled' | 'forgotten'> {
    const job = this.#job(id);
    if (!job.isOpen) {
      this.#jobs.delete(id);
      await this.#options.store.remove(id);
      return 'forgotten';
    }
    await this.#change(job, { state: 'cancelled', error: null, finishedAt: this.#now });
    await job.work?.ended;
    await this.#removePartials(job);
    return 'cancelled';
  }

  async checkFiles(files: readonly string[], signal: AbortSignal): Promise<CheckedFile[]> {
    return checkFiles((await Promise.all(files.map(filesBelow))).flat(), this.#options, signal);
  }

  async deleteModel(
    model: UnwantedModel,
    assertUnused: (blobs: readonly string[]) => Promise<void>,
  ): Promise<RemovedFiles> {
    const { store, findModels } = this.#options;
    const [first, ...rest] = await ownFiles(model, store);
    if (first === undefined) throw new ApiError('NOT_FOUND', 'The files of this model are gone.');
    // Its files are in one snapshot, so in one repository.
    return this.#turns.take(first.home, null, async () => {
      const files = [first, ...rest];
      await assertUnused(files.map(({ blob }) => blob.path));
      this.#assertNotFetched(files);
      const removed = await removeFiles(files, store);
      await findModels();
      return removed;
    });
  }

  /** @throws {ApiError} `MODEL_IN_USE` while a download that is not over brings one of these files */
  #assertNotFetched(files: readonly OwnFile[]): void {
    const blobs = new Set(files.map(({ blob }) => path.basename(blob.path)));
    const job = this.#jobs
      .values()
      .find(({ isOpen, record }) => isOpen && record.model.files.some(({ blob }) => blobs.has(blob)));
    if (job === undefined) return;
    const { id, model } = job.record;
    throw new ApiError('MODEL_IN_USE', `The download ${id} of ${model.reference} needs these files. Cancel it first.`);
  }

  /** @throws {ApiError} `NOT_FOUND` */
  #job(id: string): DownloadJob {
    const job = this.#jobs.get(id);
    if (job === undefined)
      throw new ApiError('NOT_FOUND', 'No download has this id. GET /api/models/downloads lists them.');
    return job;
  }

  #openJob(wanted: Pick<DownloadRecord, 'model' | 'root'>): DownloadJob | null {
    return this.#jobs.values().find((job) => job.isOpen && job.includes(wanted)) ?? null;
  }

  #view(job: DownloadJob): Download {
    return job.view(this.#options.clock.elapsed());
  }

  get #now(): string {
    return new Date(this.#options.clock.now()).toISOString();
  }

  /** Starts work while there is some, and fewer downloads run than may. */
  #schedule(): void {
    if (!this.#isBegun || this.#isClosed) return;
    const isWanted = ({ record, work }: DownloadJob): boolean =>
      work === null && (record.state === 'queued' || record.state === 'running');
    for (const job of this.#jobs.values().filter(isWanted)) {
      if (this.#running >= MOST_RUNNING) return;
      this.#start(job);
    }
  }

  /** Downloads with work that does not wait for another download. */
  get #running(): number {
    return this.#jobs
      .values()
      .filter(({ work, isWaiting }) => work !== null && !isWaiting)
      .toArray().length;
  }

  #start(job: DownloadJob): void {
    const stop = new AbortController();
    const parts = { ...this.#options, turns: this.#turns, unsaved: this.#unsaved, checked: this.#checked };
    job.rest();
    const running = downloadModel(job.record, parts, stop.signal, this.#listener(job));
    const ended = running.then(async (outcome) => {
      if (outcome.kind === 'done') await this.#options.findModels();
      this.#ended(job, outcome);
    });
    job.work = { stop, ended };
    if (job.record.state !== 'running') void this.#keep(this.#change(job, { state: 'running', error: null }));
  }

  #listener(job: DownloadJob): ModelDownloadListener {
    const { clock, sendProgress } = this.#options;
    return {
      onFile: (index, progress) => {
        const now = clock.elapsed();
        const isTurn = job.note(index, progress, now);
        this.#disk.noteProgress(job);
        if (job.record.state !== 'running' || (!isTurn && now - job.sentAt < EVENT_EVERY_MS)) return;
        job.sentAt = now;
        sendProgress(job.progress(now));
      },
      onUnchecked: (file) => job.noteUnchecked(file),
      onWait: () => {
        job.isWaiting = true;
        this.#schedule();
      },
      // Otherwise it is queued again: other downloads have begun meanwhile.
      mayGoOn: () => {
        if (this.#running >= MOST_RUNNING) return false;
        job.isWaiting = false;
        return true;
      },
    };
  }

  #ended(job: DownloadJob, outcome: DownloadOutcome): void {
    job.work = null;
    job.isWaiting = false;
    job.rest();
    if (outcome.kind === 'disk_full') this.#disk.noteFull(job);
    // Otherwise a caller has decided meanwhile, or the next server goes on.
    if (job.record.state === 'running' && !this.#isClosed)
      void this.#keep(this.#change(job, this.#changeBy(job, outcome)));
    this.#schedule();
  }

  #changeBy(job: DownloadJob, outcome: DownloadOutcome): Partial<DownloadRecord> {
    switch (outcome.kind) {
      case 'done':
        return { state: 'done', error: null, finishedAt: this.#now };
      case 'stopped':
        return { state: 'queued' };
      case 'failed':
        return { state: 'failed', error: outcome.error, finishedAt: this.#now };
      case 'disk_full':
        return { state: 'paused', error: { code: 'DISK_FULL', message: fullSentence(job.record, outcome.lacking) } };
    }
  }

  /** Changes a record at once, and resolves when that is stored and its event is sent. */
  async #change(job: DownloadJob, changes: Partial<DownloadRecord>): Promise<void> {
    job.record = { ...job.record, ...changes };
    if (job.record.state !== 'running') job.work?.stop.abort();
    this.#disk.update();
    try {
      await this.#store(job);
    } finally {
      this.#schedule();
    }
  }

  async #store(job: DownloadJob): Promise<void> {
    const { events, store, clock } = this.#options;
    job.sentAt = clock.elapsed();
    const kept = events.keep({ type: 'download_progress', data: job.progress(clock.elapsed()) });
    try {
      await store.save(job.record, [kept]);
    } finally {
      // The change has taken effect in any case.
      events.publish(kept);
    }
  }

  /** Waits for a change of our own. A full disk may keep it from being stored; the work is then repeated after a restart. */
  async #keep(change: Promise<void>): Promise<void> {
    try {
      await change;
    } catch (error) {
      if (!(error instanceof StoreClosed)) this.#options.onFault(error, 'storing the state of a download');
    }
  }

  async #learnAll(): Promise<void> {
    for (const job of this.#jobs.values()) if (job.isOpen) await this.#learn(job);
  }

  /** Looks how much of the files is there. */
  async #learn(job: DownloadJob): Promise<void> {
    const { root, model } = job.record;
    const cache = new HubCache(root);
    for (const [index, file] of model.files.entries()) {
      if (job.work !== null) return;
      const done = await bytesThere(cache, model, file);
      if (job.work === null) job.note(index, { done, phase: 'fetching' }, this.#options.clock.elapsed());
    }
    job.rest();
  }

  /** Downloads that run need their room too. @throws {ApiError} `DISK_FULL` */
  async #checkRoom(job: DownloadJob): Promise<void> {
    const { root } = job.record;
    const others = [...this.#jobs.values()].filter(
      (other) => other !== job && other.record.root === root && /^(?:queued|running)$/.test(other.record.state),
    );
    const needed = others.reduce((sum, { missing }) => sum + missing, job.missing) + RESERVED_BYTES;
    const available = await this.#options.freeSpace(root);
    if (job.missing > 0 && needed > available)
      throw new ApiError('DISK_FULL', fullSentence(job.record, needed - available));
  }

  async #removePartials(job: DownloadJob): Promise<void> {
    const { root, model } = job.record;
    const { owner, clock } = this.#options;
    const cache = new HubCache(root);
    for (const file of model.files) {
      const target = await cache.find(model, file);
      // Before the turn too: another download that needs the file may have the turn for hours.
      if (target === null || this.#isNeeded(root, file)) continue;
      await this.#turns.take(target, null, async () => {
        if (!this.#isNeeded(root, file)) await removeOwnPartial({ target, owner, now: () => clock.now() });
      });
    }
  }

  /** Whether an open download brings this file. */
  #isNeeded(root: string, { blob }: RemoteFile): boolean {
    return this.#jobs
      .values()
      .some(
        ({ isOpen, record }) => isOpen && record.root === root && record.model.files.some((file) => file.blob === blob),
      );
  }

  /** Forgets downloads that ended long ago. A failed one stays, because its bytes are on the disk. */
  #prune(): void {
    const { clock, store } = this.#options;
    const before = clock.now() - KEPT_MS;
    for (const { isOpen, record } of this.#jobs.values().toArray()) {
      if (isOpen || record.finishedAt === null || Date.parse(record.finishedAt) > before) continue;
      this.#jobs.delete(record.id);
      void this.#keep(store.remove(record.id));
    }
    this.#cancelPrune = clock.after(PRUNE_EVERY_MS, () => this.#prune());
  }
}

async function bytesThere(cache: HubCache, model: RemoteModel, file: RemoteFile): Promise<number> {
  try {
    const target = await cache.find(model, file);
    if (target === null) return 0;
    if (await isThere(target, file.size)) return file.size;
    return await partialBytes({ target, size: file.size, content: contentOf(file) });
  } catch (error) {
    // The download itself says why it cannot write there.
    if (codeOf(error) !== null) return 0;
    throw error;
  }
}

function fullSentence({ root, model }: DownloadRecord, lacking: number): string {
  const gigabytes = (Math.max(lacking, 0) / 1e9).toFixed(1);
  return `The disk of ${root} has no room for ${model.reference}: ${gigabytes} GB are lacking.`;
}
