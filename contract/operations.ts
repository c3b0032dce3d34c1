import { ACCESS_OPERATIONS } from './access-operations.ts';
import { DOWNLOAD_OPERATIONS } from './download-operations.ts';
import { ENGINE_OPERATIONS } from './engine-operations.ts';
import { EVENT_OPERATIONS } from './event-operations.ts';
import { FLEET_OPERATIONS } from './fleet-operations.ts';
import { HUB_OPERATIONS } from './hub-operations.ts';
import { INSTANCE_OPERATIONS } from './instance-operations.ts';
import { LOG_OPERATIONS } from './log-operations.ts';
import { MODEL_OPERATIONS } from './model-operations.ts';
import type { CostClass, Operation } from './operation.ts';
import type { Permission } from './permissions.ts';
import { REQUEST_OPERATIONS } from './request-operations.ts';
import { SYSTEM_OPERATIONS } from './system-operations.ts';

/** All operations of the API, in the order in which generated documents list them. */
export const OPERATIONS = {
  ...INSTANCE_OPERATIONS,
  ...LOG_OPERATIONS,
  ...FLEET_OPERATIONS,
  ...ENGINE_OPERATIONS,
  ...MODEL_OPERATIONS,
  ...HUB_OPERATIONS,
  ...DOWNLOAD_OPERATIONS,
  ...REQUEST_OPERATIONS,
  ...EVENT_OPERATIONS,
  ...SYSTEM_OPERATIONS,
  ...ACCESS_OPERATIONS,
} as const satisfies Record<string, Operation>;

/** A kind of request that is not an operation: only the pages for people describe it. */
export interface PassThrough {
  /** The id, as for operations. */
  id: string;
  /** Left out: any method. */
  method?: 'GET';
  path: string;
  summary: string;
  permission: Permission;
  cost: CostClass;
}

/**
 * Paths of llama-server outside of `/v1` that only compute, so that they need no more rights than `/v1`: editors complete code with
 * `/infill`. vLLM has two of them. `/props`, `/slots` and `/lora-adapters` show or change what callers share.
 */
export const ENGINE_PATHS = [
  '/apply-template',
  '/completion',
  '/detokenize',
  '/infill',
  '/rerank',
  '/reranking',
  '/tokenize',
] as const;

/** Requests to engines, to events and to the pages for browsers. `openapi.json` does not describe them. */
export const PASS_THROUGH = {
  inference: {
    id: 'inference',
    path: '/v1/*',
    summary: 'The OpenAI and Anthropic APIs of the instance that the request names',
    permission: 'inference',
    cost: 'free',
  },
  native: {
    id: 'native',
    path: '/infill, …',
    summary: `The same for ${ENGINE_PATHS.map((each) => `\`${each}\``).join(', ')}`,
    permission: 'inference',
    cost: 'free',
  },
  proxy: {
    id: 'proxy',
    path: '/api/instances/{name}/proxy/*',
    summary: 'Any path of the engine, over HTTP and WebSocket',
    permission: 'admin',
    cost: 'free',
  },
  events: {
    id: 'events',
    path: '/api/ws',
    summary: 'Live events over WebSocket, with a replay of missed events',
    permission: 'viewer',
    cost: 'regular',
  },
  page: {
    id: 'page',
    method: 'GET',
    path: '/',
    summary: 'The web page',
    permission: 'public',
    cost: 'free',
  },
  pageAssets: {
    id: 'pageAssets',
    method: 'GET',
    path: '/assets/*',
    summary: 'Scripts and styles of the web page',
    permission: 'public',
    cost: 'free',
  },
  pageIcon: {
    id: 'pageIcon',
    method: 'GET',
    path: '/icon.svg',
    summary: 'The icon of the web page',
    permission: 'public',
    cost: 'free',
  },
  pageManifest: {
    id: 'pageManifest',
    method: 'GET',
    path: '/manifest.webmanifest',
    summary: 'What a browser needs to install the web page',
    permission: 'public',
    cost: 'free',
  },
  documentation: {
    id: 'documentation',
    method: 'GET',
    path: '/docs',
    summary: 'Leads to the API reference of the web page',
    permission: 'public',
    cost: 'free',
  },
} as const satisfies Record<string, PassThrough>;
