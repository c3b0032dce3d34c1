import type { FastifyInstance } from 'fastify';
import type { Caller } from '../auth/caller.ts';
import type { Access } from './edge/access.ts';

export type { FastifyInstance as HttpApp, FastifyReply as HttpReply, FastifyRequest as HttpRequest } from 'fastify';

/**
 * Adds routes of its own to the server, inside a scope of its own: parsers, hooks and handlers that it sets hold for its
 * routes only. Before any of its code runs, the request has its id, has passed the Host and Origin rules, and its caller
 * is known and may do what the route's `access` says. A route without one is for admins.
 */
export type HttpPlugin = (app: FastifyInstance) => void | Promise<void>;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route reads its body from YAML too. */
    takesYaml?: boolean;
    /** Name of a list in the body whose entries are parsed and judged one by one. */
    entries?: string;
    /** Who may call the route, and what a call counts as. */
    access?: Access;
  }
  interface FastifyRequest {
    /**
     * Bytes that came behind the header of a request to switch to WebSocket; `null` for every other request. A handler
     * that takes the connection over hijacks the reply and talks on `request.raw.socket`.
     */
    upgradeHead: Buffer | null;
    /** Who makes the request; `null`: nobody had to say, or not yet. */
    caller: Caller | null;
    /** The instance that it has come to, for the log; `null`: none, or the one in its path. */
    instance: string | null;
    /** What it is about, for the audit trail; `null`: nothing, or what its path names. */
    concerns: string | null;
    /** Another server answers it, and tells of it in log and audit trail; `null`: it does not. */
    isPassedOn: true | null;
    /** The server before this one has done what it wants: only the outcome is waited for; `null`: it is new. */
    isBegun: true | null;
  }
}
