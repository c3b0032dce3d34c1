import type { Client, Model, ModelList } from '@llamactl/client';
import { modelsCalled } from '@llamactl/contract/model-names';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';
import { plain } from '../screen/text.ts';
import { pauseFor } from './settling.ts';

/**
 * Longest wait for a scan of the server, in seconds. While a download changes a folder, the server scans again and
 * again.
 */
const PATIENCE = 5;
const LOOK_EVERY = 0.2;
/** Most models that a message names. */
const MOST_NAMED = 10;

/** The remedy for a model that no folder has. */
export const DOWNLOAD = 'to download a model: llamactl pull REFERENCE, such as Qwen/Qwen3-4B-GGUF:Q4_K_M';

type Pause = (seconds: number, signal: AbortSignal) => Promise<void>;

/**
 * The models of the server. Waits until no scan runs: the server may have just started, or a folder may have changed.
 */
export async function scannedModels(
  client: Pick<Client, 'listModels'>,
  signal: AbortSignal,
  pause: Pause = pauseFor,
): Promise<ModelList> {
  for (let waited = 0; ; waited += LOOK_EVERY) {
    const list = await client.listModels({ signal });
    if (!list.scanning || waited >= PATIENCE) return list;
    await pause(LOOK_EVERY, signal);
  }
}

/**
 * As {@link scannedModels}. Empty if we may not read them, or if the server is too old to know them.
 *
 * @throws {UnauthorizedError} without valid credentials
 */
export async function serverModels(
  client: Pick<Client, 'listModels'>,
  signal: AbortSignal,
  pause?: Pause,
): Promise<Model[]> {
  const { LlamactlError } = await import('@llamactl/client');
  try {
    return (await scannedModels(client, signal, pause)).models;
  } catch (error) {
    if (error instanceof LlamactlError && error.status !== 401) return [];
    throw error;
  }
}

/**
 * The model with this id, reference, name or file, ignoring case. `null`: none matches.
 *
 * @throws {Problem} when several models match
 */
export function modelCalled<Found extends Model>(word: string, models: readonly Found[]): Found | null {
  const found = modelsCalled(word, models);
  const [first, ...others] = found;
  if (first === undefined || others.length === 0) return first ?? null;
  throw severalModels(word, found);
}

/** The name of the only model whose name or reference contains the word; `null`: none, or several. */
export function modelContaining(word: string, models: readonly Model[]): string | null {
  const wanted = word.toLowerCase();
  const found = models.filter(({ name, ref }) => `${name}\n${ref ?? ''}`.toLowerCase().includes(wanted));
  return found.length === 1 ? (found[0]?.name ?? null) : null;
}

/** The error for a word that several models match. */
export function severalModels(word: string, found: readonly Model[]): Problem {
  const some = found
    .slice(0, MOST_NAMED)
    .map(({ id, ref, name, path: file }) => plain(`${id}  ${ref ?? name}  ${file}`));
  return new Problem(
    `there are ${found.length} models called ${word}; give a reference, an id or a path`,
    EXIT.usage,
    some,
  );
}
