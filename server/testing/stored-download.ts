import type { DownloadRecord } from '../models/downloads/download-store.ts';

/** A download of one file, as a store has it. */
export function storedDownload(id: string, changes: Partial<DownloadRecord> = {}): DownloadRecord {
  const blob = 'a'.repeat(64);
  return {
    id,
    model: {
      reference: 'org/repo:Q4_K_M',
      source: 'hub',
      repo: 'org/repo',
      revision: 'main',
      commit: 'c'.repeat(40),
      files: [{ path: 'repo-Q4_K_M.gguf', size: 5, sha256: blob, blob, url: 'https://hub.example/file' }],
    },
    root: '/cache',
    state: 'running',
    error: null,
    createdBy: 'user:ada',
    createdAt: '2026-01-01T00:00:00.000Z',
    finishedAt: null,
    ...changes,
  };
}
