import { type FSWatcher, watch } from 'node:fs';
import path from 'node:path';
import type { ModelInfo } from '@llamactl/contract/instance';
import type { ModelCompanion } from '@llamactl/contract/model';
import { modelsCalled, publicNames, spellings } from '@llamactl/contract/model-names';
import type { ModelFinder } from '../instances/ports/model-finder.ts';
import type { Clock } from '../instances/ports/time.ts';
import type { SlicedWork } from '../sliced-work.ts';
import { type FactsReader, OWN_READER } from './facts-reader.ts';
import { modelsInFolder } from './folder-models.ts';
import { blobAt, type FoundFile, searchModels } from './found-files.ts';
import { KnownFacts } from './known-facts.ts';
import type { KnownFile, LibraryModel } from './model-groups.ts';
import { indexModels, NO_INDEX } from './model-index.ts';
import type { ModelPlace } from './model-places.ts';

/** The models of this machine, from memory. */
export interface Models extends ModelFinder {
  /** By name. */
  list(): readonly LibraryModel[];
  /** `null`: no model has this id. */
  find(id: string): LibraryModel | null;
  /** The path under which the list has a file, which may be reached by several links. Another file: its own path. */
  listedPath(file: string): Promise<string>;
  /** A model with this name or reference, in any case; `null`: there is none. Costs the same for any number of models. */
  named(word: string): LibraryModel | null;
  /** Whether the first scan, or one after a change, is not over. */
  readonly isScanning: boolean;
  /** Folders of `models.dirs` that cannot be read, and folders that cannot be watched, in sentences. */
  readonly problems: readonly string[];
}

/** No models, and no scan. */
export const NO_MODELS: Models = {
  list: () => [],
  find: () => null,
  listedPath: async (file) => file,
  named: () => null,
  called: async () => [],
  withFile: async () => null,
  at: () => null,
  abilities: () => null,
  newerFile: () => null,
  isScanning: false,
  problems: [],
};

export interface LibraryOptions {
  clock: Pick<Clock, 'after'>;
  work: SlicedWork;
  places: readonly ModelPlace[];
  /** File for what was read, absolute. */
  indexFile: string;
  /** Reads files. Default: the thread of the caller does. */
  reader?: FactsReader;
  /** Reports that a scan failed. The next one tries again. */
  onFault: (error: unknown, what: string) => void;
  /** Takes each problem of a folder once, when a scan meets it first. Default: {@link ModelLibrary.problems} has them. */
  onProblem?: (problem: string) => void;
  /** Called after each scan. @param hasNews Whether a path means another model than before. */
  onScanned?: (hasNews: boolean) => void;
  /** Watches a folder for changes. Default: the system does. */
  watchFolder?: (folder: string, onChange: (name: string | null) => void, onLost: () => void) => () => void;
}

/** Rest after the start of the server, which is busy then. */
const FIRST_AFTER_MS = 500;
/** Rest after a change in a folder: a copy or download changes it many times. */
const SETTLE_MS = 1_000;
/** Time between two scans where all folders are watched, and where some cannot be, as on network file systems. */
const WATCHED_EVERY_MS = 600_000;
const UNWATCHED_EVERY_MS = 60_000;
/** Most folders that are watched. The system has a limit for each user. */
const MOST_WATCHED = 1_024;

const UNWATCHED =
  'Some folders of models are not watched, because there are too many or they are on a network disk: new models appear within a minute';

/** Keeps the list of models: scans the places in the background, and again when a folder changes. */
export class ModelLibrary implements Models {
  readonly #options: LibraryOptions;
  /** Looks into folders that run now, by folder. */
  readonly #looks = new Map<string, Promise<readonly LibraryModel[]>>();
  readonly #facts: KnownFacts;
  readonly #over = new AbortController();
  readonly #watches = new Map<string, () => void>();
  #index = NO_INDEX;
  #problems: readonly string[] = [];
  #isScanning = true;
  /** The scan that runs now; `null`: none. */
  #scanning: Promise<void> | null = null;
  readonly #firstScan = Promise.withResolvers<void>();
  /** A folder has changed since the last scan began. */
  #isStale = false;
  /** The scan that runs looks at such a change. */
  #isRefreshing = false;
  /** A folder that a scan has read, or the parent of one that does not exist yet, is not watched. */
  #isUnwatched = false;
  /** The first kind of these. The other one may be the home of another user, which is no problem. */
  #lacksWatches = false;
  #cancel = (): void => undefined;

  constructor(options: LibraryOptions) {
    this.#options = options;
    this.#facts = new KnownFacts(options.indexFile, options.work);
  }

  get isScanning(): boolean {
    return this.#isScanning || this.#isStale || this.#isRefreshing;
  }

  get problems(): readonly string[] {
    return this.#lacksWatches ? [...this.#problems, UNWATCHED] : this.#problems;
  }

  list(): readonly LibraryModel[] {
    return this.#index.models;
  }

  find(id: string): LibraryModel | null {
    return this.#index.byId.get(id) ?? null;
  }

  async listedPath(file: string): Promise<string> {
    if (this.#index.paths.has(file)) return file;
    const blob = await blobAt(file);
    return (blob === null ? undefined : this.#index.byBlob.get(blob)) ?? file;
  }

  named(word: string): LibraryModel | null {
    for (const spelling of spellings(word)) {
      const found = this.#index.byName.get(spelling);
      if (found !== undefined) return found;
    }
    return null;
  }

  at(file: string, called?: string): ModelInfo | null {
    const meant = called === undefined ? null : this.#meant(called);
    return (meant?.path === file ? this.#index.infosById.get(meant.id) : this.#index.infos.get(file)) ?? null;
  }

  abilities(file: string, called?: string): LibraryModel | null {
    const info = this.at(file, called);
    return info === null ? null : this.find(info.id);
  }

  newerFile(called: string, file: string): string | null {
    const meant = this.#meant(called);
    // The file of a damaged model may be missing too.
    if (meant === null || meant.path === file || meant.problems.length > 0) return null;
    const words = new Set(spellings(called));
    // Two models may have one name.
    const isStillCalled = (this.#index.byPath.get(file) ?? []).some((model) =>
      publicNames(model).some((name) => words.has(name.toLowerCase())),
    );
    return isStillCalled ? null : meant.path;
  }

  #meant(called: string): LibraryModel | null {
    return this.find(called) ?? this.named(called);
  }

  async called(word: string): Promise<readonly LibraryModel[]> {
    await this.#firstScan.promise;
    const found = modelsCalled(word, this.list());
    if (found.length > 0) return found;
    // Its file may be younger than the last scan.
    await this.refresh();
    return modelsCalled(word, this.list());
  }

  async withFile(file: string): Promise<LibraryModel | null> {
    const [first, ...others] = this.#index.byPath.get(file) ?? [];
    if (first === undefined) return this.#besideOthers(file);
    // Models of Ollama may share a file, and differ in their adapters.
    const isOfAll = (companion: ModelCompanion): boolean =>
      others.every(({ companions }) => companions.some(({ path: own }) => own === companion.path));
    return { ...first, companions: first.companions.filter(isOfAll) };
  }

  /** A model in a folder that the library does not have. Callers at the same time share one look: a fleet often has one folder. */
  async #besideOthers(file: string): Promise<LibraryModel | null> {
    if (!/\.gguf$/i.test(file)) return null;
    const folder = path.dirname(file);
    const look = this.#looks.get(folder) ?? modelsInFolder(folder, this.#options.work);
    this.#looks.set(folder, look);
    try {
      return (await look).find((model) => model.path === file) ?? null;
    } finally {
      this.#looks.delete(folder);
    }
  }

  /** Scans from now on, not only from the beginning of the scan that runs. Never rejects. */
  async refresh(): Promise<void> {
    await this.#scanning;
    if (!this.#over.signal.aborted) await this.#scanOnce();
  }

  /** Begins with the first scan, soon. */
  begin(): void {
    this.#scanIn(FIRST_AFTER_MS);
  }

  /** Scans now. Rejects if that fails, or when the library is closed. */
  async scan(): Promise<void> {
    const { places, work, onScanned } = this.#options;
    const { signal } = this.#over;
    if (this.#isScanning) await this.#facts.load();
    const { files, folders, missing, problems } = await searchModels(places, signal);
    this.#noteProblems(problems);
    const known = await this.#known(files);
    const before = this.#index.infos;
    this.#index = await work.run(indexModels(known, this.#index), signal);
    this.#isScanning = false;
    this.#watch(folders, missing);
    onScanned?.(!isSameMap(before, this.#index.infos));
    await this.#facts.keepOnly(files);
  }

  async #known(files: readonly FoundFile[]): Promise<KnownFile[]> {
    const { reader = OWN_READER } = this.#options;
    try {
      return await this.#facts.of(files, (unknown) => reader.read(unknown), this.#over.signal);
    } finally {
      reader.rest();
    }
  }

  #noteProblems(problems: readonly string[]): void {
    const { onProblem } = this.#options;
    const before = new Set(this.#problems);
    this.#problems = problems;
    for (const problem of problems) if (!before.has(problem)) onProblem?.(problem);
  }

  /** Ends all scans and watches. */
  close(): void {
    this.#over.abort();
    this.#options.reader?.rest();
    this.#firstScan.resolve();
    this.#cancel();
    for (const stop of this.#watches.values()) stop();
    this.#watches.clear();
  }

  #scanIn(milliseconds: number): void {
    this.#cancel();
    this.#cancel = this.#options.clock.after(milliseconds, () => void this.#scanOnce());
  }

  /** Scans, or joins the scan that runs. Plans the next one. */
  #scanOnce(): Promise<void> {
    this.#cancel();
    this.#scanning ??= this.#scanSafely().finally(() => {
      this.#scanning = null;
      this.#firstScan.resolve();
      if (this.#over.signal.aborted) return;
      this.#scanIn(this.#isStale ? SETTLE_MS : this.#isUnwatched ? UNWATCHED_EVERY_MS : WATCHED_EVERY_MS);
    });
    return this.#scanning;
  }

  async #scanSafely(): Promise<void> {
    this.#isRefreshing = this.#isStale;
    this.#isStale = false;
    try {
      await this.scan();
    } catch (error) {
      if (!this.#over.signal.aborted) this.#options.onFault(error, 'scanning the folders of models');
    }
    this.#isRefreshing = false;
  }

  readonly #onChange = (): void => {
    this.#isStale = true;
    if (this.#scanning === null && !this.#over.signal.aborted) this.#scanIn(SETTLE_MS);
  };

  /** @param missing Folders whose parents are watched until they exist: people make `~/models` after the first start. */
  #watch(folders: readonly string[], missing: readonly string[]): void {
    const wanted = new Map<string, (name: string | null) => void>(
      folders.slice(0, MOST_WATCHED).map((folder) => [folder, this.#onChange]),
    );
    const names = Map.groupBy(missing, (folder) => path.dirname(folder));
    for (const [parent, absent] of names) {
      const awaited = new Set(absent.map((folder) => path.basename(folder)));
      const onChange = (name: string | null): void => {
        if (name === null || awaited.has(name)) this.#onChange();
      };
      if (!wanted.has(parent)) wanted.set(parent, onChange);
    }
    for (const [folder, stop] of this.#watches) {
      if (wanted.has(folder)) continue;
      stop();
      this.#watches.delete(folder);
    }
    this.#isUnwatched = folders.length > MOST_WATCHED;
    this.#lacksWatches = this.#isUnwatched;
    const read = new Set(folders);
    const { watchFolder = watchBySystem } = this.#options;
    for (const [folder, onChange] of wanted) {
      if (this.#watches.has(folder)) continue;
      const noteLack = (): void => {
        this.#isUnwatched = true;
        this.#lacksWatches ||= read.has(folder);
      };
      const onLost = (): void => {
        noteLack();
        this.#watches.delete(folder);
      };
      try {
        this.#watches.set(folder, watchFolder(folder, onChange, onLost));
      } catch {
        // The limit of the system, or a folder that is gone.
        noteLack();
      }
    }
  }
}

function isSameMap<Value>(one: ReadonlyMap<string, Value>, other: ReadonlyMap<string, Value>): boolean {
  return one.size === other.size && one.entries().every(([key, value]) => other.get(key) === value);
}

function watchBySystem(folder: string, onChange: (name: string | null) => void, onLost: () => void): () => void {
  const watcher: FSWatcher = watch(folder, { persistent: false }, (_event, name) => onChange(name));
  watcher.on('error', () => {
    watcher.close();
    onLost();
  });
  return () => watcher.close();
}
