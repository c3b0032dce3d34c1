import type { ActiveRequest } from '@llamactl/client';
import { ValueStore } from './value-store.ts';

/** The request that the user wants to end, until the question is answered; `null`: none. The shell has the question. */
export const askedRequest = new ValueStore<ActiveRequest | null>(null);

/** Asks whether a request shall end. Rows move under the pointer, so no click ends one by itself. */
export function askToEnd(request: ActiveRequest): void {
  askedRequest.set(request);
}
