import type { z } from 'zod';
import type { ErrorCode } from './errors.ts';
import type { Permission } from './permissions.ts';

/** The rate-limit class of a call. `free` is not limited. */
export type CostClass = 'free' | 'regular' | 'intensive';

/** A header, for the documentation. */
export interface Header {
  name: string;
  description: string;
}

/** One operation of the API, as data: routes, `openapi.json` and the permission table come from it. */
export interface Operation {
  /** `operationId`; what a client library calls the method. */
  id: string;
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With `{name}` for parameters. */
  path: string;
  tag: string;
  summary: string;
  permission: Permission;
  cost: CostClass;
  query?: z.ZodType;
  /**
   * `optional`: no body at all is fine too. `entries`: name of a list whose entries are judged one by one, each with the
   * bounds of a body.
   */
  body?: { schema: z.ZodType; optional: boolean; entries?: string };
  /** Media type of a success answer that is text in another language than JSON. */
  text?: string;
  /** Success status and the schema of its body. */
  success: { status: 200 | 201; schema: z.ZodType };
  /** What it can answer instead of one JSON text: a stream of such items, by media type. */
  streams?: { schema: z.ZodType; types: readonly string[] };
  /** Reads its body from YAML, or writes its answer as YAML, as well as JSON. */
  yaml?: 'body' | 'answer';
  /** Headers that mean something to this operation, beyond those of every request. */
  requestHeaders?: readonly Header[];
  /** Headers of the success answer, beyond those of every answer. */
  responseHeaders?: readonly Header[];
  /** Other answers of the same schema, such as a probe's 503. */
  otherStatuses?: readonly number[];
  /** Codes that this operation raises, beyond those that any operation can. */
  errors: readonly ErrorCode[];
}

/** Keeps the exact type of each field: routes and clients infer theirs from it. */
export const operation = <const Shape extends Operation>(shape: Shape): Shape => shape;
