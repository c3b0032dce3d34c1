import type { Client, FinishedRequest } from '@llamactl/client';
import type { LeaseTime } from './history.ts';

/** As many as the server remembers: more than are over between two looks. */
const FINISHED = 200;

/** What the server's own account says of each request that is over, gathered before it forgets. */
export class Accounts {
  readonly #admin: Client;
  readonly #byId = new Map<string, FinishedRequest>();

  constructor(admin: Client) {
    this.#admin = admin;
  }

  /** Asks for what is over by now. @returns how many are on their way */
  async gather(): Promise<number> {
    const { in_flight: inFlight, finished } = await this.#admin.listRequests({ finished: FINISHED });
    for (const request of finished) this.#byId.set(request.id, request);
    return inFlight.length;
  }

  of(id: string): FinishedRequest | undefined {
    return this.#byId.get(id);
  }

  /** When engines had requests. */
  leases(): LeaseTime[] {
    return [...this.#byId.values()].flatMap(
      ({ id, instance, started_at: startedAt, finished_at: finishedAt, waited }) => {
        if (instance === null || waited === null) return [];
        return [{ id, instance, from: Date.parse(startedAt) + waited * 1_000, until: Date.parse(finishedAt) }];
      },
    );
  }
}
