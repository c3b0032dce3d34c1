import type { ActiveRequest, Client, FinishedRequest } from '@llamactl/client';

/** How llamactl recorded a request that has no whole answer: an operator ended it, or its engine died. */
export type BrokenOutcome = 'cancelled' | 'broken';

/** Thrown when an answer broke off, and llamactl says why. */
export class AnswerBrokeOff extends Error {
  override readonly name = 'AnswerBrokeOff';
  readonly outcome: BrokenOutcome;
  readonly requestId: string;

  constructor(outcome: BrokenOutcome, requestId: string) {
    super(`The answer broke off: ${outcome}`);
    this.outcome = outcome;
    this.requestId = requestId;
  }
}

/** How many finished requests of an instance are looked through: those that ended while the record is read. */
const LOOKED_THROUGH = 50;

/** Finds llamactl's record of a request; `null`: it has none, or does not answer. Never rejects. */
export async function recordOf(
  client: Pick<Client, 'listRequests'>,
  id: string,
  instance: string,
): Promise<ActiveRequest | FinishedRequest | null> {
  try {
    const { in_flight: active, finished } = await client.listRequests({
      instance,
      finished: LOOKED_THROUGH,
      retries: 0,
    });
    return [...active, ...finished].find((request) => request.id === id) ?? null;
  } catch {
    // The record is an addition: the answer, or its own error, is shown without it.
    return null;
  }
}

/** Returns the outcome of a request that broke off; `null`: it did not, or the record does not say. */
export function brokenOutcome(record: ActiveRequest | FinishedRequest | null): BrokenOutcome | null {
  if (record === null || !('outcome' in record)) return null;
  return record.outcome === 'cancelled' || record.outcome === 'broken' ? record.outcome : null;
}
