/** A file of a model on another machine. */
export interface RemoteFile {
  /** Relative, `/` between parts; checked by grammar. */ path: string;
  /** Bytes. */ size: number;
  /** Of the bytes, lower-case hex; null where the source has none. */ sha256: string | null;
  /** Name of the blob in the cache: sha256, else the git object id. */ blob: string;
  url: string;
}
/** A reference, resolved to the files that are fetched. */
export interface RemoteModel {
  /** As people write it: `org/repo:Q4_K_M`. */ reference: string;
  source: 'hub' | 'modelscope' | 'ollama' | 'docker' | 'url';
  /** `org/repo`. */ repo: string;
  /** Branch or tag, `main` by default. */ revision: string;
  /** 40 hex digits where the source has commits. */ commit: string;
  files: RemoteFile[];
}
/** Knows the places where models are fetched from. */
export interface ModelSource {
  /** @throws ApiError NOT_FOUND, HUB_ERROR, VALIDATION_ERROR */
  resolve(reference: string, revision: string | null, signal: AbortSignal): Promise<RemoteModel>;
  /** Headers for a request to this URL: the token only where it belongs to the URL's origin. */
  headersFor(url: string): Record<string, string>;
}
