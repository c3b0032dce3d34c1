import type { LargestMemory, Quant, QuantList } from '@llamactl/contract/hub';
import { OPERATIONS } from '@llamactl/contract/operations';
import type { FoundRepo } from '../../models/hub/hub-client.ts';
import { fitOf } from '../../models/hub/memory-fit.ts';
import type { NamedQuant, RemoteModels } from '../../models/hub/remote-models.ts';
import { STARTERS } from '../../models/starters.ts';
import type { RemoteFile } from '../../models/downloads/model-source.ts';
import type { Bind } from '../operations.ts';

/** The models of other machines, and the memory of this one. */
export interface HubView {
  remote: Pick<RemoteModels, 'endpoint' | 'search' | 'quants'>;
  memory: () => Promise<LargestMemory>;
  /** The cache for the files of a source, absolute. */
  rootFor: (source: QuantList['source']) => string;
}

/** Repositories of a search without `limit`. */
const USUAL_FOUND = 20;

/** The models that could be downloaded. */
export function hubRoutes(bind: Bind, { remote, memory, rootFor }: HubView): void {
  bind(OPERATIONS.searchModels, async ({ query: { q, limit = USUAL_FOUND }, signal }) => {
    const found = await remote.search(q, limit, signal);
    return { models: found.map(rowOf), hub: remote.endpoint };
  });

  bind(OPERATIONS.listQuants, async ({ query: { repo, revision = null }, signal }) => {
    const [listing, largest] = await Promise.all([remote.quants(repo, revision, signal), memory()]);
    const { source, repo: name, revision: branch, commit, license, isGated: gated, quants, usual } = listing;
    const shown = quants.map((quant) => quantOf(quant, largest, quant.reference === usual.reference));
    const folder = rootFor(source);
    return { source, repo: name, revision: branch, commit, license, gated, folder, memory: largest, quants: shown };
  });

  bind(OPERATIONS.listStarters, async () => {
    const largest = await memory();
    const starters = STARTERS.map((starter) => ({ ...starter, ...fitOf(starter.size, largest.total) }));
    return { memory: largest, starters };
  });
}

function rowOf({ repo, isGated: gated, updatedAt: updated_at, ...facts }: FoundRepo) {
  return { reference: repo, gated, updated_at, ...facts };
}

function quantOf(quant: NamedQuant, { total }: LargestMemory, chosen: boolean): Quant {
  const { reference, quantization, files, companions } = quant;
  const size = sizeOf(files);
  return {
    reference,
    quantization,
    chosen,
    size,
    ...fitOf(size + sizeOf(companions.map(({ file }) => file)), total),
    files: files.map(shownFile),
    companions: companions.map(({ kind, file }) => ({ kind, ...shownFile(file) })),
  };
}

function shownFile({ path, size, sha256 }: RemoteFile): Quant['files'][number] {
  return { path, size, sha256 };
}

function sizeOf(files: readonly RemoteFile[]): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}
