import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError } from '@llamactl/contract/errors';
import { reasonOf } from '@llamactl/contract/reason';
import { CallerLimits } from './caller-limits.ts';
import { dialectOf, isWithin, type ModelList } from './dialects.ts';
import { findInstance, unknownModel } from './failures.ts';
import { GatewayRequest } from './gateway-request.ts';
import { pathOnly } from './headers.ts';
import type { CallContext, GatewayDependencies, GatewayInstance, GatewaySettings } from './gateway-ports.ts';
import { StalledReaders } from './stalled-readers.ts';
import { TurnEnd, Upstream } from './upstream.ts';

/** Passes requests to engines. */
export interface Gateway {
  /**
   * Serves a request under `/v1` or under an instance's `/proxy`. Resolves when the answer was sent or the caller has
   * left.
   *
   * @throws {ApiError} only while nothing has been sent: then the HTTP layer answers
   */
  serve(request: IncomingMessage, response: ServerResponse, context: CallContext): Promise<void>;
  /**
   * Closes all WebSockets, because they may stay open without limit. Also does what `rest` does. Other requests
   * continue.
   */
  close(): void;
  /** Closes idle connections to engines, and keeps none from now on. Requests and WebSockets continue. */
  rest(): void;
}

/** Creates the gateway. */
export function createGateway(dependencies: GatewayDependencies): Gateway {
  const { clock, settings, measureSendQueues } = dependencies;
  const closing = new AbortController();
  const turnEnd = new TurnEnd(clock);
  const upstream = new Upstream(clock, turnEnd);
  const stalledReaders = new StalledReaders(clock, measureSendQueues);
  const limits = new CallerLimits(clock, dependencies.trace);
  const services = { ...dependencies, limits, upstream, turnEnd, stalledReaders, closing: closing.signal };
  return {
    serve: async (request, response, context) => {
      const path = pathOnly(context.url);
      const dialect = dialectOf(path);
      const { models } = dialect;
      if (context.instance === null && models !== null && isWithin(path, models.path)) {
        return answerModels(request, response, context, models, settings);
      }
      return new GatewayRequest(services, request, response, context, dialect).run();
    },
    close: () => {
      closing.abort();
      upstream.close();
    },
    rest: () => upstream.close(),
  };
}

const JSON_HEADERS = {
  'X-Llamactl-Source': 'llamactl',
  'Content-Type': 'application/json; charset=utf-8',
  'Cache-Control': 'no-store',
};

/** Answers a request for the list of models, or for one of them, from memory. The request counts towards no limit. */
function answerModels(
  request: IncomingMessage,
  response: ServerResponse,
  context: CallContext,
  models: ModelList,
  { aliasesInModels }: GatewaySettings,
): void {
  const { url, headers, instances, mayStart } = context;
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    throw new ApiError('METHOD_NOT_ALLOWED', `${models.path} is read-only: change instances under /api/instances.`, {
      headers: { allow: 'GET, HEAD' },
    });
  }
  const id = decoded(pathOnly(url).slice(models.path.length + 1));
  const usable = instances.list().filter((instance) => isUsable(instance, mayStart));
  const listed = (): unknown =>
    models.all(
      usable.filter(({ unlisted }) => !unlisted),
      aliasesInModels,
    );
  // Unlisted instances too, because requests can use them.
  const found = (): GatewayInstance => {
    const instance = findInstance(usable, id);
    if (instance === undefined) throw unknownModel(id, context.problemsInLibrary(id), { instances: usable });
    return instance;
  };
  const body = Buffer.from(JSON.stringify(id === '' ? listed() : models.one(found())));
  response.writeHead(200, [
    ...headers,
    ...Object.entries(JSON_HEADERS).flat(),
    'Content-Length',
    String(body.byteLength),
  ]);
  response.end(body);
}

/** Whether an instance runs, or a request of this caller would start it. */
function isUsable({ status, on_demand: onDemand }: GatewayInstance, mayStart: boolean): boolean {
  return status === 'running' || (onDemand && mayStart);
}

/** Decodes an id, which may contain slashes, plain or encoded. */
function decoded(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch (error) {
    throw new ApiError('VALIDATION_ERROR', 'The model in the URL has an invalid percent-encoding.', {
      details: reasonOf(error),
    });
  }
}
