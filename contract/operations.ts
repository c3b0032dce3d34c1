import { ACCESS_OPERATIONS } from './access-operations.ts';
import { FLEET_OPERATIONS } from './fleet-operations.ts';
import { INSTANCE_OPERATIONS } from './instance-operations.ts';
import { LOG_OPERATIONS } from './log-operations.ts';
import type { CostClass, Operation } from './operation.ts';
import type { Permission } from './permissions.ts';
import { REQUEST_OPERATIONS } from './request-operations.ts';
import { SYSTEM_OPERATIONS } from './system-operations.ts';

/** The whole API, in the order of the documents that are made from it. */
export const OPERATIONS = {
  ...INSTANCE_OPERATIONS,
  ...LOG_OPERATIONS,
  ...FLEET_OPERATIONS,
  ...REQUEST_OPERATIONS,
  ...SYSTEM_OPERATIONS,
  ...ACCESS_OPERATIONS,
} as const satisfies Record<string, Operation>;

/** One kind of request that is no operation: described for people only. */
export interface PassThrough {
  /** As operations have one. */
  id: string;
  /** Left out: any. */
  method?: 'GET';
  path: string;
  summary: string;
  permission: Permission;
  cost: CostClass;
}

/** What leads to engines, to events, or to a page: what is said there is not the business of `openapi.json`. */
export const PASS_THROUGH = {
  inference: {
    id: 'inference',
    path: '/v1/*',
    summary: 'The OpenAI and Anthropic APIs of the instance that the request names',
    permission: 'inference',
    cost: 'free',
  },
  proxy: {
    id: 'proxy',
    path: '/api/instances/{name}/proxy/*',
    summary: 'Anything that an engine has, HTTP and WebSocket',
    permission: 'admin',
    cost: 'free',
  },
  events: {
    id: 'events',
    path: '/api/ws',
    summary: 'Live events over WebSocket, with a replay of what was missed',
    permission: 'viewer',
    cost: 'regular',
  },
  documentation: {
    id: 'documentation',
    method: 'GET',
    path: '/docs',
    summary: 'This API as a page for people',
    permission: 'public',
    cost: 'free',
  },
} as const satisfies Record<string, PassThrough>;
