import type { AuditChange } from '@llamactl/contract/auth';
import type { CostClass, Operation } from '@llamactl/contract/operation';
import type { Permission } from '@llamactl/contract/permissions';
import type { FastifyInstance } from 'fastify';
import type { Caller } from '../auth/caller.ts';
import type { RecordedChange } from './recorded-change.ts';

export type { FastifyInstance as HttpApp, FastifyReply as HttpReply, FastifyRequest as HttpRequest } from 'fastify';

/** Access rule of a route: its row in docs/permissions.md. */
export interface Access {
  /** Id of the operation. */
  id: string;
  permission: Permission;
  cost: CostClass;
  /** How a public route learns its caller, as its operation says. */
  credentials?: Operation['credentials'];
  /** Whether the route also accepts credentials outside of the header, and then authenticates the caller itself. */
  decidesItself?: boolean;
}

/**
 * Adds routes to the server in a scope of their own: parsers, hooks and handlers that the plugin sets apply only to its
 * routes. Before the plugin's code runs, the request has its id and has passed the Host and Origin rules. Its caller is
 * known and has the permission in the route's `access`. A route without `access` is for admins.
 */
export type HttpPlugin = (app: FastifyInstance) => void | Promise<void>;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the route also accepts YAML bodies. */
    takesYaml?: boolean;
    /** Name of a list in the body whose entries are parsed and validated one by one. */
    entries?: string;
    /** Permission and cost class of the route. */
    access?: Access;
  }
  interface FastifyRequest {
    /**
     * Bytes that followed the header of a WebSocket handshake; `null` for every other request. A handler that takes
     * over the connection hijacks the reply and uses `request.raw.socket`.
     */
    upgradeHead: Buffer | null;
    /** The caller; `null` for public routes, or before authentication. */
    caller: Caller | null;
    /** Instance that serves the request, for the log; `null`: none, or the one in its path. */
    instance: string | null;
    /**
     * Aborts when the request is over, which ends the work on its large body. `null`: the body is small, so the work is
     * completed even if the caller has hung up.
     */
    over: AbortSignal | null;
    /** Object of the request, for the audit trail; `null`: none, or the one in its path. */
    concerns: string | null;
    /** Adds old and new values of what the request changed to the audit trail; `null`: the request is not recorded. */
    recordEdits: ((changes: readonly AuditChange[]) => void) | null;
    /** Adds further objects that the request changed to the audit trail; `null`: the request is not recorded. */
    recordChanges: ((changes: readonly RecordedChange[]) => void) | null;
    /** True when the request has a record as a request to an engine; otherwise `null`. */
    isRecorded: true | null;
    /** True when another server answers, logs and audits the request; otherwise `null`. */
    isPassedOn: true | null;
    /**
     * True when the predecessor has already carried out the command: this server only waits for the outcome. Otherwise
     * `null`.
     */
    isBegun: true | null;
  }
}
