import type { Dirent, Stats } from 'node:fs';
import { opendir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { codeOf } from '@llamactl/contract/reason';
import type { ModelSource } from '@llamactl/contract/model';
import { REFERENCE_FILE } from './downloads/hub-cache.ts';
import { manifestRepos, repoOfDownload } from './llama-cpp-manifests.ts';
import { type DownloadOrigin, type ModelPlace, placeProblem } from './model-places.ts';
import type { OllamaLayers } from './ollama-layers.ts';
import { OLLAMA_LAYERS, readManifest } from './ollama-manifest.ts';
import { statOf, textOf } from './small-files.ts';

/** A file that may be a model, or a folder with one in safetensors. */
export interface FoundFile {
  /** Absolute. */
  path: string;
  kind: 'gguf' | 'folder';
  /** Device and inode of the file itself, which several links may lead to. With a name for one of several models of a blob. */
  identity: string;
  /** Bytes; of a folder, of all its weights. */
  size: number;
  /** Milliseconds since the epoch. */
  modified: number;
  source: ModelSource;
  /** `org/repo`, or `qwen3:8b` of Ollama; `null`: it is in a plain folder. */
  repo: string | null;
  /** `org/repo` of a file in a plain folder, by a manifest of llama-server beside it. Its id and its name do not depend on it. */
  manifestRepo?: string | null;
  /** The name within the repo or the place, which stays when a cache gets a new snapshot. */
  relative: string;
  /** The source of our download; left out: the hub, or no download of ours. */
  origin?: DownloadOrigin | undefined;
  /** Of a model of Ollama: files with its settings. */
  layers?: OllamaLayers;
  /** Why its model cannot be loaded, whatever its content: the end of a sentence about it. `null`, or left out: no reason is known. */
  damage?: string | null;
  /** The reference by which an address was downloaded; `null`: of another source, or unknown. */
  reference?: string | null;
}

/** The part of a found file that all files of a repo or place share. */
interface Home extends Pick<FoundFile, 'source' | 'repo' | 'origin' | 'reference'> {
  /** The folder to which names are relative. */
  root: string;
}

/** Result of a search. */
export interface Search {
  files: FoundFile[];
  /** All folders that were read: a change in one may be a new model. */
  folders: string[];
  /** The first missing step of each folder that does not exist yet, in a folder that exists. */
  missing: string[];
  /** Folders of people that cannot be read, in sentences. */
  problems: string[];
}

/** Levels of folders below a place. */
const DEEPEST = 8;
/** Limits for a place that is a whole disk. */
const MOST_FILES = 20_000;
const MOST_ENTRIES = 500_000;
/** Files whose status is asked together: one by one, each takes a turn of the event loop. */
const ASKED_TOGETHER = 32;

/** The names within a model of Ollama of its weights and its LoRA adapter. */
const OLLAMA_MODEL = 'model.gguf';
export const OLLAMA_ADAPTER = 'adapter.gguf';
/** The names that the files of a model of Ollama get, by their layer. */
const LAYER_FILES: ReadonlyMap<unknown, string> = new Map([
  [OLLAMA_LAYERS.model, OLLAMA_MODEL],
  [OLLAMA_LAYERS.projector, 'mmproj.gguf'],
  [OLLAMA_LAYERS.adapter, OLLAMA_ADAPTER],
]);

/** Searches places for model files, without reading their content. Each file is found once. */
export async function searchModels(places: readonly ModelPlace[], signal: AbortSignal): Promise<Search> {
  const search = new ModelSearch(signal);
  for (const place of places) await search.place(place);
  return search;
}

/** The model files directly in a folder, without their content. @param most None if it has more */
export async function filesOfFolder(folder: string, most: number): Promise<FoundFile[]> {
  let names: string[];
  try {
    names = (await readdir(folder)).filter((name) => /\.gguf$/i.test(name));
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return [];
  }
  if (names.length > most) return [];
  const found = await Promise.all(names.map(async (name) => [name, await statOf(path.join(folder, name))] as const));
  return found.flatMap(([name, stats]): FoundFile[] =>
    stats?.isFile() === true
      ? [
          {
            ...statusOf(stats),
            path: path.join(folder, name),
            kind: 'gguf',
            source: 'folder',
            repo: null,
            relative: name,
          },
        ]
      : [],
  );
}

class ModelSearch implements Search {
  readonly files: FoundFile[] = [];
  readonly folders: string[] = [];
  readonly missing: string[] = [];
  readonly problems: string[] = [];
  readonly #signal: AbortSignal;
  readonly #seen = new Set<string>();
  #entries = 0;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  async place(place: ModelPlace): Promise<void> {
    if (place.needed !== undefined) await this.#check(place.folder, place.needed);
    switch (place.layout) {
      case 'files':
        return this.#walk(place.folder, { source: place.source, repo: null, root: place.folder });
      case 'hub':
        return this.#hub(place);
      case 'ollama':
        return this.#ollama(place);
    }
  }

  async #check(folder: string, needed: 'always' | 'if_there'): Promise<void> {
    try {
      await (await opendir(folder)).close();
    } catch (error) {
      if (codeOf(error) === null) throw error;
      if (needed === 'always' || codeOf(error) !== 'ENOENT') this.problems.push(placeProblem(folder, error));
    }
  }

  /** `models--ORG--REPO/snapshots/COMMIT/…`, whose files are links to blobs. The snapshot of `main` comes first. */
  async #hub({ source, folder, origin }: ModelPlace): Promise<void> {
    for (const entry of await this.#read(folder)) {
      const [, org, repo] = /^models--([^-].*?)--(.+)$/.exec(entry.name) ?? [];
      if (org === undefined || repo === undefined) continue;
      const home = path.join(folder, entry.name);
      const main = (await textOf(path.join(home, 'refs', 'main')))?.trim() ?? '';
      const reference = origin === 'url' ? await referenceIn(home) : null;
      // A download makes it last, after minutes.
      const snapshots = path.join(home, 'snapshots');
      const commits = (await this.#read(snapshots)).map(({ name }) => name);
      for (const commit of commits.toSorted((one, other) => Number(other === main) - Number(one === main))) {
        const root = path.join(snapshots, commit);
        await this.#walk(root, { source, repo: `${org}/${repo}`, root, origin, reference });
      }
    }
  }

  /** `manifests/REGISTRY/NAMESPACE/NAME/TAG` names the blobs of a model, which have no ending. */
  async #ollama({ source, folder }: ModelPlace): Promise<void> {
    // A first pull makes it last, after the blobs.
    const manifests = path.join(folder, 'manifests');
    // Only so that it is watched: a blob may come or go without a change of a manifest.
    await this.#read(path.join(folder, 'blobs'));
    const queue = [manifests];
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      for (const entry of await this.#read(next)) {
        const file = path.join(next, entry.name);
        if (entry.isDirectory()) queue.push(file);
        else if (entry.isFile()) await this.#manifest(file, { source, folder });
      }
    }
  }

  async #manifest(file: string, { source, folder }: Pick<ModelPlace, 'source' | 'folder'>): Promise<void> {
    const manifest = await readManifest(file, folder);
    if (manifest === null) return;
    const { name, layers, damage } = manifest;
    const blobOf = (type: string): string | null => layers.find(({ mediaType }) => mediaType === type)?.blob ?? null;
    const settings = {
      system: blobOf(OLLAMA_LAYERS.system),
      params: blobOf(OLLAMA_LAYERS.params),
      messages: blobOf(OLLAMA_LAYERS.messages),
      licenses: layers.flatMap(({ mediaType, blob }) => (mediaType === OLLAMA_LAYERS.license ? [blob] : [])),
    };
    const home = { kind: 'gguf', source, repo: name, layers: settings } as const;
    let isListed = false;
    for (const { mediaType, blob, found } of layers) {
      const relative = LAYER_FILES.get(mediaType);
      if (relative === undefined || found === null) continue;
      isListed ||= relative === OLLAMA_MODEL;
      // A link to it in another place was found before; several names of Ollama may share one blob.
      if (this.#seen.has(identityOf(found))) continue;
      const identity = `${identityOf(found)} ${name}`;
      this.#add({ ...statusOf(found), path: blob, identity, relative, damage, ...home });
    }
    if (isListed || damage === null) return;
    // Listed so that people see why they cannot use it.
    const missing = blobOf(OLLAMA_LAYERS.model) ?? file;
    const modified = (await statOf(file))?.mtimeMs ?? 0;
    const identity = `missing ${name}`;
    this.#add({ path: missing, identity, size: 0, modified, relative: OLLAMA_MODEL, damage, ...home });
  }

  async #walk(folder: string, home: Home): Promise<void> {
    const queue = [{ folder, depth: 0 }];
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const entries = await this.#read(next.folder);
      await this.#folder(next.folder, entries, home);
      // llama-server writes both into its own folder.
      const repos =
        home.source === 'llama_cpp' && home.repo === null ? manifestRepos(entries.map(({ name }) => name)) : [];
      const named: string[] = [];
      for (const entry of entries) {
        const file = path.join(next.folder, entry.name);
        if (entry.isDirectory() && next.depth < DEEPEST) queue.push({ folder: file, depth: next.depth + 1 });
        if (/\.gguf$/i.test(entry.name) && !entry.isDirectory()) named.push(file);
      }
      await this.#files(named, home, repos);
    }
  }

  /** @param repos Repositories of the folder's manifests. */
  async #files(files: readonly string[], { root, ...shared }: Home, repos: readonly string[]): Promise<void> {
    for (let index = 0; index < files.length; index += ASKED_TOGETHER) {
      const batch = files.slice(index, index + ASKED_TOGETHER);
      // Follows links, because caches and people use links. A pipe or a device is no regular file.
      const statuses = await Promise.all(batch.map(statOf));
      for (const [at, file] of batch.entries()) {
        const found = statuses[at];
        if (found?.isFile() !== true) continue;
        const manifestRepo = repoOfDownload(path.basename(file), repos);
        const relative = path.relative(root, file);
        this.#add({ ...statusOf(found), path: file, kind: 'gguf', ...shared, manifestRepo, relative });
      }
    }
  }

  /** A folder with a model in safetensors. */
  async #folder(folder: string, entries: readonly Dirent[], { root, ...shared }: Home): Promise<void> {
    const weights = entries.filter(({ name }) => name.endsWith('.safetensors'));
    if (weights.length === 0 || !entries.some(({ name }) => name === 'config.json')) return;
    let size = 0;
    let modified = 0;
    for (const { name } of weights) {
      const found = await statOf(path.join(folder, name));
      size += found?.size ?? 0;
      modified = Math.max(modified, found?.mtimeMs ?? 0);
    }
    const own = await statOf(folder);
    if (own === null) return;
    const relative = path.relative(root, folder) || path.basename(shared.repo ?? folder);
    this.#add({ path: folder, kind: 'folder', identity: identityOf(own), size, modified, ...shared, relative });
  }

  /** Adds a file, unless another place has it too. */
  #add(file: FoundFile): void {
    if (this.#seen.has(file.identity) || this.files.length >= MOST_FILES) return;
    this.#seen.add(file.identity);
    this.files.push(file);
  }

  /** The entries of a folder; none if it may not be read, or does not exist. Then it is noted as missing. */
  async #read(folder: string): Promise<Dirent[]> {
    this.#signal.throwIfAborted();
    if (this.#entries >= MOST_ENTRIES) return [];
    try {
      const entries = await readdir(folder, { withFileTypes: true });
      this.#entries += entries.length;
      this.folders.push(folder);
      return entries;
    } catch (error) {
      if (codeOf(error) === null) throw error;
      const missing = await firstMissing(folder);
      if (missing !== null) this.missing.push(missing);
      return [];
    }
  }
}

/** The address of a downloaded file; `null`: it is unknown. */
async function referenceIn(home: string): Promise<string | null> {
  const text = (await textOf(path.join(home, REFERENCE_FILE)))?.trim() ?? '';
  return /^https:\/\/\S{1,2048}$/.test(text) ? text : null;
}

/** The first folder of a path that does not exist; `null`: all do. */
async function firstMissing(folder: string): Promise<string | null> {
  if ((await statOf(folder)) !== null) return null;
  const parent = path.dirname(folder);
  return parent === folder ? folder : ((await firstMissing(parent)) ?? folder);
}

/** Parts of a found file that come from its status. */
function statusOf(stats: Stats): Pick<FoundFile, 'identity' | 'size' | 'modified'> {
  return { identity: identityOf(stats), size: stats.size, modified: stats.mtimeMs };
}

/** Device and inode of the file that a path leads to, as in {@link blobOf}; `null`: it leads to none. */
export async function blobAt(file: string): Promise<string | null> {
  const found = await statOf(file);
  return found === null ? null : identityOf(found);
}

/** Device and inode of a found file. */
export function blobOf({ identity }: Pick<FoundFile, 'identity'>): string {
  const [blob = ''] = identity.split(' ');
  return blob;
}

function identityOf({ dev, ino }: Pick<Stats, 'dev' | 'ino'>): string {
  return `${dev}:${ino}`;
}
