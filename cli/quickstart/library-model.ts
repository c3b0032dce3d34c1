import type { FoundModel } from '@llamactl/server/main';

export interface LibraryChoice {
  /** A file that does not count, as the built-in demo model. */
  except: string;
  /** Why a file cannot be loaded; `null`: no reason is known. */
  problemOf: (file: string) => Promise<string | null>;
}

/**
 * The smallest model of the library that llama-server can load and that can chat, because a first answer should come soon.
 * `null`: none.
 */
export async function smallestChatModel<Found extends FoundModel>(
  library: readonly Found[],
  { except, problemOf }: LibraryChoice,
): Promise<Found | null> {
  const candidates = library.filter(
    ({ format, path, capabilities, problems }) =>
      format === 'gguf' && path !== except && capabilities.includes('chat') && problems.length === 0,
  );
  for (const model of candidates.toSorted((one, other) => one.size - other.size))
    if ((await problemOf(model.path)) === null) return model;
  return null;
}
