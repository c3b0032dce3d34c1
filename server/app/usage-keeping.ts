import path from 'node:path';
import type { RequestFigures, RequestOutcome } from '@llamactl/contract/requests';
import type { RequestAuthor } from '../gateway/requests.ts';
import { atMost, type Clock } from '../instances/ports/time.ts';
import { HistoryArchive, readHistory } from '../metrics/history-archive.ts';
import { packedUsage, unpackedUsage } from '../metrics/kept-usage.ts';
import { UsageLedger, type UsedRequest } from '../metrics/usage-ledger.ts';
import type { SlicedWork } from '../sliced-work.ts';
import type { Teardown } from './teardown.ts';

export interface UsageKeepingParts {
  clock: Clock;
  dataDirectory: string;
  work: SlicedWork;
  onFault: (error: unknown, what: string) => void;
  teardown: Teardown;
}

/** File in the data directory; at most some 600 KB. */
const FILE = 'usage.gz';
/** Writings that follow requests: people compare usage with the list of requests, which loses a second. */
const EVERY_MS = 10_000;
/** How long the last writing may delay the end of a server, or a hand-over. */
const PATIENCE_MS = 500;

const FAILED: ReadonlySet<RequestOutcome> = new Set(['client_error', 'engine_error', 'broken']);

/** Counted usage, which outlives the process. */
export interface UsageKeeping extends Pick<UsageLedger, 'renamed'> {
  /** Like that of the ledger; waits until the usage that earlier servers counted is there. */
  sums(...query: Parameters<UsageLedger['sums']>): Promise<ReturnType<UsageLedger['sums']>>;
  /** Counts a request that ends now. */
  count(request: UsedRequest): void;
  /** From now on, passes all requests to this function instead of counting them here. */
  countBy(count: (request: UsedRequest) => void): void;
  /** Reads what earlier servers counted. Never rejects. */
  restore(): Promise<void>;
}

/** Counts usage, and keeps it in a file over a restart. */
export function keepUsage({ clock, dataDirectory, work, onFault, teardown }: UsageKeepingParts): UsageKeeping {
  const ledger = new UsageLedger(clock);
  const file = path.join(dataDirectory, FILE);
  let count = (request: UsedRequest): void => ledger.add(request);
  let isRestored = false;
  const restored = Promise.withResolvers<void>();
  const archive = teardown.ending(
    new HistoryArchive({
      clock,
      everyMs: EVERY_MS,
      // before it is read, the file must not be replaced
      changed: () =>
        isRestored && ledger.takeChanged() ? [{ file, packed: () => packedUsage(ledger.kept(), work) }] : [],
      onFault,
    }),
  );
  teardown.add(() => atMost(clock, PATIENCE_MS, archive.keep()));
  return {
    renamed: (...party) => ledger.renamed(...party),
    sums: async (...query) => {
      await restored.promise;
      return ledger.sums(...query);
    },
    count: (request) => count(request),
    countBy: (countThere) => {
      count = countThere;
    },
    restore: async () => {
      const bytes = await readHistory(file, onFault);
      const kept = bytes === null ? null : await unpackedUsage(bytes, work);
      if (kept !== null) ledger.restore(kept);
      isRestored = true;
      restored.resolve();
      archive.begin();
    },
  };
}

/** A request as usage counts it. @param idOf Id of an instance by its name; `null`: no such instance. */
export function usedBy(
  author: RequestAuthor | null,
  figures: Pick<RequestFigures, 'instance' | 'outcome' | 'tokens_in' | 'tokens_out'>,
  idOf: (name: string) => string | null,
): UsedRequest {
  const { instance: name, outcome, tokens_in: tokensIn, tokens_out: tokensOut } = figures;
  const id = name === null ? null : idOf(name);
  return {
    account: author?.account ?? null,
    key: author?.key ?? null,
    instance: name === null || id === null ? null : { id, name },
    outcome: outcome === 'refused' ? 'refused' : FAILED.has(outcome) ? 'failed' : 'other',
    tokensIn: tokensIn ?? 0,
    tokensOut: tokensOut ?? 0,
  };
}

/** A request that was refused before it had a record, as usage counts it. */
export function refusedBy(author: RequestAuthor | null): UsedRequest {
  return usedBy(author, { instance: null, outcome: 'refused', tokens_in: null, tokens_out: null }, () => null);
}
