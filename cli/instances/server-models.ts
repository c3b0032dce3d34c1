import type { Client, Model } from '@llamactl/client';
import path from 'node:path';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';
import { plain } from '../screen/text.ts';
import { pauseFor } from './settling.ts';

/** How long a server that has just started may take to find its models, in seconds. */
const PATIENCE = 10;
const LOOK_EVERY = 0.2;
/** Most models that a message names. */
const MOST_NAMED = 10;

/**
 * The models that the server has found. Waits for its first scan, since a command may have just started it. Empty if we may not
 * read them, or if the server is too old to know them.
 */
export async function serverModels(
  client: Pick<Client, 'listModels'>,
  signal: AbortSignal,
  pause: (seconds: number, signal: AbortSignal) => Promise<void> = pauseFor,
): Promise<Model[]> {
  const { LlamactlError } = await import('@llamactl/client');
  try {
    for (let waited = 0; ; waited += LOOK_EVERY) {
      const { models, scanning } = await client.listModels({ signal });
      if (!scanning || waited >= PATIENCE) return models;
      await pause(LOOK_EVERY, signal);
    }
  } catch (error) {
    if (error instanceof LlamactlError) return [];
    throw error;
  }
}

/**
 * The model that people call by this word: its id, reference, name or file, in any case. `null`: none is called so.
 *
 * @throws {Problem} when several models are
 */
export function modelCalled<Found extends Model>(word: string, models: readonly Found[]): Found | null {
  const wanted = word.toLowerCase();
  const found = models.filter((model) => namesOf(model).some((name) => name.toLowerCase() === wanted));
  const [first, ...others] = found;
  if (first === undefined || others.length === 0) return first ?? null;
  throw severalModels(word, found);
}

/** The error for a word that several models match. */
export function severalModels(word: string, found: readonly Model[]): Problem {
  const some = found.slice(0, MOST_NAMED).map(({ path: file }) => plain(file));
  return new Problem(`there are ${found.length} models called ${word}; give a path`, EXIT.usage, some);
}

/** The words for a model: its name, reference, file, path and id. */
export function namesOf({ id, ref, name, path: file }: Model): string[] {
  return [name, ...(ref === null ? [] : [ref]), path.basename(file), file, id];
}
