import path from 'node:path';
import type { Config } from '@llamactl/contract/config';
import type { ModelSource } from '@llamactl/contract/model';
import { codeOf, errorWords } from '@llamactl/contract/reason';

/** A folder to scan, and its layout. */
export interface ModelPlace {
  source: ModelSource;
  /** Absolute. */
  folder: string;
  /** `files`: model files at any depth; `hub`: the cache of Hugging Face's programs; `ollama`: manifests and blobs. */
  layout: 'files' | 'hub' | 'ollama';
  /**
   * It is a problem if the folder cannot be read: `always`, or only `if_there`, not if it does not exist. Left out: never, as for
   * folders of other programs.
   */
  needed?: 'always' | 'if_there';
  /** The source of our downloads in this folder; left out: the hub, or no downloads of ours. */
  origin?: DownloadOrigin;
}

/** Sources whose downloads have a folder of their own: their names must not meet those of the hub. */
export const DOWNLOAD_ORIGINS = ['modelscope', 'ollama', 'docker', 'url'] as const;
export type DownloadOrigin = (typeof DOWNLOAD_ORIGINS)[number];

/**
 * The folder of the downloads of a source, absolute.
 *
 * @param own Our own folder for models, absolute.
 */
export function originFolder(own: string, origin: DownloadOrigin): string {
  return path.join(own, origin);
}

/** Which folders of other programs are scanned. */
export type ModelSources = Readonly<Record<Exclude<ModelSource, 'folder'>, boolean>>;

interface PlacesOptions {
  /** `models.dirs`, absolute. */
  folders: readonly string[];
  /** Our own folder for models, absolute. */
  own: string;
  /** The cache for downloads, absolute. */
  cache: string;
  sources: ModelSources;
  environment: Readonly<Record<string, string | undefined>>;
  /** Home of our user, absolute. */
  home: string;
  platform: NodeJS.Platform;
}

/** The folder of Hugging Face's programs, where they look by their own variables. */
function hubFolder(environment: PlacesOptions['environment'], home: string): string {
  const given = (name: string): string | null => environment[name] || null;
  const cache = given('XDG_CACHE_HOME') ?? path.join(home, '.cache');
  return given('HF_HUB_CACHE') ?? path.join(given('HF_HOME') ?? path.join(cache, 'huggingface'), 'hub');
}

/**
 * The cache for downloads, and all places, as the configuration names them.
 *
 * @param user.own Our own folder for models, absolute.
 */
export function configuredPlaces(
  { cache_dir: configured, dirs, sources }: Config['models'],
  user: Pick<PlacesOptions, 'environment' | 'home' | 'platform'> & { own: string; isHomeOurs: boolean },
): { cache: string; places: ModelPlace[] } {
  const cache = downloadCache({ ...user, configured });
  return { cache, places: modelPlaces({ ...user, folders: dirs, cache, sources }) };
}

/**
 * The cache for downloads: the configured folder, else the one that Hugging Face's programs of our user have. A user without a
 * home gets our own folder.
 */
export function downloadCache(options: {
  /** `models.cache_dir`, absolute or empty. */
  configured: string;
  /** Our own folder for models, absolute. */
  own: string;
  environment: PlacesOptions['environment'];
  home: string;
  /** Our user can write to its home. */
  isHomeOurs: boolean;
}): string {
  const { configured, own, environment, home, isHomeOurs } = options;
  if (configured !== '') return configured;
  const isNamed = ['HF_HUB_CACHE', 'HF_HOME', 'XDG_CACHE_HOME'].some((name) => (environment[name] ?? '') !== '');
  return isNamed || isHomeOurs ? hubFolder(environment, home) : own;
}

/**
 * The folders with models, in the order in which a file that several of them have is counted. Folders of other programs are
 * where those programs look by their own variables; they need not exist.
 */
export function modelPlaces({
  folders,
  own,
  cache: downloads,
  sources,
  environment,
  home,
  platform,
}: PlacesOptions): ModelPlace[] {
  const given = (name: string): string | null => environment[name] || null;
  const cache = given('XDG_CACHE_HOME') ?? path.join(home, '.cache');
  const ownCache = platform === 'darwin' ? path.join(home, 'Library', 'Caches') : cache;
  const hub = hubFolder(environment, home);
  const llamaCpp = given('LLAMA_CACHE') ?? path.join(ownCache, 'llama.cpp');
  const ollama = given('OLLAMA_MODELS');
  const ollamas =
    ollama === null ? [path.join(home, '.ollama', 'models'), '/usr/share/ollama/.ollama/models'] : [ollama];
  const lmStudio = [path.join(home, '.lmstudio', 'models'), path.join(home, '.cache', 'lm-studio', 'models')];
  return [
    // First, because it may be one of the folders too, where its files would count as plain ones.
    ...(downloads === hub ? [] : [{ source: 'hugging_face', folder: downloads, layout: 'hub' } as const]),
    // They lie in our own folder, where their files would count as plain ones.
    ...DOWNLOAD_ORIGINS.map((origin): ModelPlace => ({
      source: 'folder',
      folder: originFolder(own, origin),
      layout: 'hub',
      origin,
    })),
    ...folders.map((folder): ModelPlace => ({
      source: 'folder',
      folder,
      layout: 'files',
      // It stands in the configuration by default.
      needed: folder === path.join(home, 'models') ? 'if_there' : 'always',
    })),
    { source: 'folder', folder: own, layout: 'files', needed: 'if_there' },
    ...(sources.hugging_face ? [{ source: 'hugging_face', folder: hub, layout: 'hub' } as const] : []),
    // It has the layout of a hub today, and had plain files before.
    ...(sources.llama_cpp
      ? ([
          { source: 'llama_cpp', folder: llamaCpp, layout: 'hub' },
          { source: 'llama_cpp', folder: llamaCpp, layout: 'files' },
        ] as const)
      : []),
    ...(sources.ollama ? ollamas.map((folder): ModelPlace => ({ source: 'ollama', folder, layout: 'ollama' })) : []),
    ...(sources.lm_studio
      ? lmStudio.map((folder): ModelPlace => ({ source: 'lm_studio', folder, layout: 'files' }))
      : []),
  ];
}

/** Why a folder of `models.dirs` has no models, in a sentence. @param error Of the system, at reading it. */
export function placeProblem(folder: string, error: unknown): string {
  const reason = { ENOENT: 'does not exist', ENOTDIR: 'is not a folder' }[codeOf(error) ?? ''];
  return `models.dirs: ${folder} ${reason ?? `cannot be read: ${errorWords(error)}`}`;
}
