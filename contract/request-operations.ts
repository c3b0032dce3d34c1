import { MessageSchema } from './instance.ts';
import { operation } from './operation.ts';
import { RequestsQuerySchema, RequestsSchema } from './requests.ts';
import { UsageQuerySchema, UsageSchema } from './usage.ts';

/** Requests to engines. */
export const REQUEST_OPERATIONS = {
  listRequests: operation({
    id: 'listRequests',
    method: 'GET',
    path: '/api/requests',
    tag: 'Requests',
    summary: 'Requests to engines: those in flight and the last finished ones',
    permission: 'viewer',
    cost: 'regular',
    query: RequestsQuerySchema,
    success: { status: 200, schema: RequestsSchema },
    errors: [],
  }),
  cancelRequest: operation({
    id: 'cancelRequest',
    method: 'DELETE',
    path: '/api/requests/{request_id}',
    tag: 'Requests',
    summary: 'Cancel a request: the engine stops working on it; its caller gets an error or is disconnected',
    permission: 'operator',
    cost: 'regular',
    success: { status: 200, schema: MessageSchema },
    errors: ['NOT_FOUND'],
  }),
  getUsage: operation({
    id: 'getUsage',
    method: 'GET',
    path: '/api/usage',
    tag: 'Requests',
    summary: 'Requests and tokens of the last days by key, account or instance: your own; for admins, all',
    permission: 'account',
    cost: 'regular',
    query: UsageQuerySchema,
    success: { status: 200, schema: UsageSchema },
    errors: [],
  }),
};
