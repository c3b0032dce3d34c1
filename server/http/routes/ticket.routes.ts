import { OPERATIONS } from '@llamactl/contract/operations';
import type { Tickets } from '../../auth/tickets.ts';
import type { Bind } from '../operations.ts';

/** Tickets for WebSockets: a page cannot set a header on their handshake. */
export function ticketRoutes(bind: Bind, tickets: Pick<Tickets, 'issue'>): void {
  bind(OPERATIONS.createTicket, ({ caller }) => tickets.issue(caller));
}
