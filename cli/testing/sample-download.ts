import type { Download, QuantList } from '@llamactl/client';

/** A download that has just begun, except for the given fields. */
export function sampleDownload(changes: Partial<Download> = {}): Download {
  return {
    id: '0123456789abcdef',
    model: 'org/repo:Q4_K_M',
    revision: 'main',
    path: '/cache/model.gguf',
    state: 'running',
    done_bytes: 0,
    total_bytes: 1_000,
    bytes_per_second: 0,
    eta_seconds: null,
    error: null,
    files: [{ path: 'model.gguf', size: 1_000, done_bytes: 0 }],
    created_by: 'anonymous',
    created_at: '2026-03-01T12:00:00Z',
    finished_at: null,
    ...changes,
  };
}

/** The only quant of a repository, with one file. @param size Bytes. */
export function quantList(reference: string, size: number): QuantList {
  const file = { path: 'model.gguf', size, sha256: null };
  return {
    source: 'hub',
    repo: reference.replace(/:.*/, ''),
    revision: 'main',
    commit: 'c'.repeat(40),
    license: null,
    gated: false,
    folder: '/cache',
    memory: { kind: 'ram', name: 'memory', total: 16e9 },
    quants: [
      {
        reference,
        quantization: 'Q4_K_M',
        chosen: true,
        size,
        fits: 'yes',
        memory_needed: size,
        files: [file],
        companions: [],
      },
    ],
  };
}
