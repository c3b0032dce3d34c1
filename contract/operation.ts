import type { z } from 'zod';
import type { ErrorCode } from './errors.ts';
import type { Permission } from './permissions.ts';

/** The rate-limit class of a call. `free` is not limited. */
export type CostClass = 'free' | 'regular' | 'intensive';

/** A header, as the documentation describes it. */
export interface Header {
  name: string;
  description: string;
}

/** One operation of the API as data. Routes, `openapi.json` and the permission table are made from it. */
export interface Operation {
  /** The `operationId`, and the name of the method in client libraries. */
  id: string;
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With `{name}` for parameters. */
  path: string;
  tag: string;
  summary: string;
  permission: Permission;
  cost: CostClass;
  /**
   * How a public operation learns its caller. `optional`: by the usual credentials, and invalid ones count as none.
   * `cookie`: by the cookie of a browser, which it needs; `cookie setter`: not at all, but it sets that cookie. The last
   * two answer only to our own page, by the exact `Origin`. Left out: it has no caller.
   */
  credentials?: 'optional' | 'cookie' | 'cookie setter';
  query?: z.ZodType;
  /**
   * `optional`: the body may be missing. `entries`: name of a list whose entries are validated one by one, each with the
   * limits of a body.
   */
  body?: { schema: z.ZodType; optional: boolean; entries?: string };
  /** Media type of a success answer that is text but not JSON. */
  text?: string;
  /** Success status and the schema of its body. */
  success: { status: 200 | 201; schema: z.ZodType };
  /** Media types under which the operation streams items instead of one JSON text, and the schema of one item. */
  streams?: { schema: z.ZodType; types: readonly string[] };
  /** Whether the body, or the answer, can be YAML as well as JSON. */
  yaml?: 'body' | 'answer';
  /** Request headers of this operation, in addition to those of every request. */
  requestHeaders?: readonly Header[];
  /** Headers of the success answer, in addition to those of every answer. */
  responseHeaders?: readonly Header[];
  /** Other statuses with the same schema, such as a probe's 503. */
  otherStatuses?: readonly number[];
  /** Error codes of this operation, in addition to those of every operation. */
  errors: readonly ErrorCode[];
}

/** Returns an operation with the exact type of each field, from which routes and clients infer their types. */
export const operation = <const Shape extends Operation>(shape: Shape): Shape => shape;
