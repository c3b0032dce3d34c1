import { MessageSchema } from './instance.ts';
import { operation } from './operation.ts';
import { RequestsQuerySchema, RequestsSchema } from './requests.ts';

/** Requests to engines. */
export const REQUEST_OPERATIONS = {
  listRequests: operation({
    id: 'listRequests',
    method: 'GET',
    path: '/api/requests',
    tag: 'Requests',
    summary: 'Requests to engines: all that are on their way, and the last ones that are over',
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
    summary: 'End a request: the engine stops working on it, and its caller is told or cut off',
    permission: 'operator',
    cost: 'regular',
    success: { status: 200, schema: MessageSchema },
    errors: ['NOT_FOUND'],
  }),
};
