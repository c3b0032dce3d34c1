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
};
