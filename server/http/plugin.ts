import type { FastifyInstance } from 'fastify';

export type { FastifyInstance as HttpApp, FastifyReply as HttpReply, FastifyRequest as HttpRequest } from 'fastify';

/**
 * Adds routes of its own to the server, inside a scope of its own: parsers, hooks and handlers that it sets hold for its
 * routes only. Before any of its code runs, the request has its id and has passed the Host and Origin rules.
 */
export type HttpPlugin = (app: FastifyInstance) => void | Promise<void>;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route reads its body from YAML too. */
    takesYaml?: boolean;
  }
  interface FastifyRequest {
    /**
     * Bytes that came behind the header of a request to switch to WebSocket; `null` for every other request. A handler
     * that takes the connection over hijacks the reply and talks on `request.raw.socket`.
     */
    upgradeHead: Buffer | null;
  }
}
