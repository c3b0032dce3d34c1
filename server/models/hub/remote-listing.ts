import type { RemoteModel } from '../downloads/model-source.ts';

/** The files of a repository of models, at one commit. */
export interface RemoteListing extends Omit<RemoteModel, 'reference'> {
  /** Only people who accepted the author's conditions get the files. */
  isGated: boolean;
  /** As its author names it: `apache-2.0`; `null`: unknown. */
  license: string | null;
}

/** Reads one kind of place that models come from. */
export interface SourceClient<Reference> {
  /** @throws {ApiError} `NOT_FOUND`, `HUB_ERROR`, `RATE_LIMITED`, `VALIDATION_ERROR` for a malformed revision */
  list(reference: Reference, revision: string | null, signal: AbortSignal): Promise<RemoteListing>;
  /** Headers for a request to this URL; empty for those of other places. */
  headersFor(url: URL): Record<string, string>;
}
