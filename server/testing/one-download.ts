import type { Download } from '@llamactl/contract/download';
import type { DownloadJobs } from '../models/downloads/downloads.ts';

/** A download that is paused. */
export const ONE_DOWNLOAD: Download = {
  id: '0123456789abcdef',
  model: 'org/repo:Q4_K_M',
  revision: 'main',
  path: '/cache/models--org--repo/snapshots/cccccccccccccccccccccccccccccccccccccccc/repo-Q4_K_M.gguf',
  state: 'paused',
  done_bytes: 1,
  total_bytes: 2,
  bytes_per_second: 0,
  eta_seconds: null,
  error: null,
  files: [{ path: 'repo-Q4_K_M.gguf', size: 2, done_bytes: 1 }],
  created_by: 'user:ada',
  created_at: '2026-01-01T00:00:00.000Z',
  finished_at: null,
};

/** Downloads that are always this one. */
export const oneDownload: DownloadJobs = {
  list: () => [ONE_DOWNLOAD],
  get: () => ONE_DOWNLOAD,
  create: async () => ({ download: ONE_DOWNLOAD, isNew: true }),
  pause: async () => ONE_DOWNLOAD,
  resume: async () => ONE_DOWNLOAD,
  remove: async () => 'cancelled',
  checkFiles: async (files) => files.map((path) => ({ path, result: 'right' })),
  deleteModel: async () => ({ freed: 2, kept: 0 }),
};
