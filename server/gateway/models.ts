import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError } from '@llamactl/contract/errors';
import { findInstance, unknownModel } from './failures.ts';
import { pathOnly } from './headers.ts';
import type { CallContext, GatewayInstance, GatewaySettings } from './ports.ts';

/** An instance as OpenAI shows a model. */
export interface Model {
  id: string;
  object: 'model';
  /** Unix seconds. */
  created: number;
  owned_by: 'llamactl';
}

const JSON_HEADERS = {
  'X-Llamactl-Source': 'llamactl',
  'Content-Type': 'application/json; charset=utf-8',
  'Cache-Control': 'no-store',
};
const COLLECTION = '/v1/models';

/** Whether a URL is `/v1/models` or below it. */
export function isModelsUrl(url: string): boolean {
  const path = pathOnly(url);
  return path === COLLECTION || path.startsWith(`${COLLECTION}/`);
}

/** Answers `GET /v1/models` and `GET /v1/models/{id}` from memory. */
export function answerModels(
  request: IncomingMessage,
  response: ServerResponse,
  { url, headers, instances, mayStart }: CallContext,
  { aliasesInModels }: Pick<GatewaySettings, 'aliasesInModels'>,
): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    throw new ApiError('METHOD_NOT_ALLOWED', `${COLLECTION} is read-only: change instances under /api/instances.`, {
      headers: { allow: 'GET, HEAD' },
    });
  }
  const id = decoded(pathOnly(url).slice(COLLECTION.length + 1));
  const usable = instances.list().filter((instance) => isUsable(instance, mayStart));
  const answer = id === '' ? listed(usable, aliasesInModels) : modelOf(found(usable, id));
  const body = Buffer.from(JSON.stringify(answer));
  response.writeHead(200, [
    ...headers,
    ...Object.entries(JSON_HEADERS).flat(),
    'Content-Length',
    String(body.byteLength),
  ]);
  response.end(body);
}

/** Whether an instance runs, or a request of this caller starts it. */
function isUsable({ status, on_demand: onDemand }: GatewayInstance, mayStart: boolean): boolean {
  return status === 'running' || (onDemand && mayStart);
}

function listed(usable: readonly GatewayInstance[], aliasesInModels: boolean): { object: 'list'; data: Model[] } {
  const shown = usable.filter(({ unlisted }) => !unlisted);
  const names = (instance: GatewayInstance): string[] => [instance.name, ...(aliasesInModels ? instance.aliases : [])];
  return { object: 'list', data: shown.flatMap((instance) => names(instance).map((name) => modelOf(instance, name))) };
}

/** Finds an instance by name or alias, also an unlisted one, because requests can use it. */
function found(usable: readonly GatewayInstance[], id: string): GatewayInstance {
  const instance = findInstance(usable, id);
  if (instance === undefined) throw unknownModel(id);
  return instance;
}

function modelOf({ name, created_at: createdAt }: GatewayInstance, id = name): Model {
  return { id, object: 'model', created: Math.floor(Date.parse(createdAt) / 1000), owned_by: 'llamactl' };
}

/** Decodes an id, which may contain slashes, plain or encoded. */
function decoded(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch (error) {
    throw new ApiError('VALIDATION_ERROR', 'The model in the URL has an invalid percent-encoding.', {
      details: error instanceof Error ? error.message : '',
    });
  }
}
