import { ApiError } from '@llamactl/contract/errors';
import { createGateway } from '../gateway/gateway.ts';
import type { CallContext, GatewayDependencies } from '../gateway/ports.ts';
import type { HttpApp, HttpPlugin, HttpReply, HttpRequest } from './plugin.ts';

/** Not passed: `OPTIONS` is ours, and an engine that echoes a `TRACE` would show its key. */
const NOT_PASSED: ReadonlySet<string> = new Set(['OPTIONS', 'TRACE']);

/**
 * The routes that lead to engines: `/v1/*` by the request's model, `/api/instances/{name}/proxy/*` by name.
 *
 * They are served in `preParsing`, before anything is read of the body and before its content type is judged: any body
 * is the engine's business. So whatever must happen first, such as authentication, has to be an `onRequest` hook.
 */
export function gatewayRoutes(dependencies: GatewayDependencies): HttpPlugin {
  return (app) => {
    const gateway = createGateway(dependencies);
    let isClosing = false;
    app.addHook('preClose', async () => {
      isClosing = true;
      gateway.close();
    });
    // An answer that was under way said that its connection stays, and an idle connection keeps the server from closing.
    app.addHook('onResponse', async ({ raw }, reply) => {
      if (isClosing && reply.raw.writableFinished) raw.socket.destroySoon();
    });

    route(app, ['/v1/*'], async (request, reply) => {
      if (request.upgradeHead !== null) {
        throw new ApiError(
          'VALIDATION_ERROR',
          'No WebSocket is spoken under /v1; /api/instances/NAME/proxy passes one to an engine.',
        );
      }
      await gateway.byModel(request.raw, reply.raw, contextOf(app, request, reply));
    });

    route(app, ['/api/instances/:name/proxy', '/api/instances/:name/proxy/*'], async (request, reply) => {
      const { name: instance = '' } = request.params as { name?: string };
      const context = { ...contextOf(app, request, reply), instance };
      const { upgradeHead } = request;
      if (upgradeHead === null) await gateway.byName(request.raw, reply.raw, context);
      else await gateway.webSocket(request.raw, reply.raw, upgradeHead, context);
    });
  };
}

function route(
  app: HttpApp,
  urls: readonly string[],
  serve: (request: HttpRequest, reply: HttpReply) => Promise<void>,
): void {
  for (const url of urls) {
    app.route({
      method: app.supportedMethods.filter((method) => !NOT_PASSED.has(method)),
      url,
      exposeHeadRoute: false,
      preParsing: async (request, reply) => {
        void reply.header('x-llamactl-source', 'llamactl');
        await serve(request, reply);
        reply.hijack();
      },
      handler: () => {
        throw new Error('a request for an engine went on after it had been answered');
      },
    });
  }
}

function contextOf(app: HttpApp, request: HttpRequest, reply: HttpReply): CallContext {
  const headers = ['X-Request-Id', request.id];
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (name === 'x-request-id' || name === 'x-llamactl-source' || value === undefined) continue;
    for (const each of [value].flat()) headers.push(name, String(each));
  }
  // A target may come with scheme and host before its path (RFC 9112, 3.2.2).
  const url = (request.raw.url ?? '').replace(/^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*/, '').slice(app.prefix.length);
  return { requestId: request.id, caller: request.ip, url, headers };
}
