import { AlertHistoryQuerySchema, AlertHistorySchema, EventsQuerySchema, EventsSchema } from './event-history.ts';
import { operation } from './operation.ts';

/** Kept events, and the alerts among them. */
export const EVENT_OPERATIONS = {
  listEvents: operation({
    id: 'listEvents',
    method: 'GET',
    path: '/api/events',
    tag: 'Events',
    summary: 'Kept events, newest first; `/api/ws` sends new ones',
    permission: 'viewer',
    cost: 'regular',
    query: EventsQuerySchema,
    success: { status: 200, schema: EventsSchema },
    errors: [],
  }),
  getAlertHistory: operation({
    id: 'getAlertHistory',
    method: 'GET',
    path: '/api/system/alerts/history',
    tag: 'System',
    summary: 'Alerts that were raised, and when they were cleared',
    permission: 'viewer',
    cost: 'regular',
    query: AlertHistoryQuerySchema,
    success: { status: 200, schema: AlertHistorySchema },
    errors: [],
  }),
};
