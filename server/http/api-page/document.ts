import type { Schema, Schemas } from './schema.ts';

/** A parameter of a path, a query or the header. */
export interface Parameter {
  $ref?: string;
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  description?: string;
  schema: Schema;
}

/** Bodies by their media type. */
export type Content = Readonly<Record<string, { schema: Schema }>>;

/** One operation of the document. */
export interface DescribedOperation {
  operationId: string;
  tags: readonly string[];
  summary: string;
  'x-permission': string;
  'x-cost-class': string;
  parameters: readonly Parameter[];
  requestBody?: { required: boolean; content: Content };
  responses: Readonly<Record<string, { description: string; content?: Content }>>;
}

type Method = 'get' | 'post' | 'put' | 'delete';

/** `openapi.json`, as far as the page reads it. */
export interface ApiDocument {
  info: { version: string; description: string };
  tags: readonly { name: string }[];
  paths: Readonly<Record<string, Partial<Record<Method, DescribedOperation>> & { parameters?: readonly Parameter[] }>>;
  components: { schemas: Schemas };
}

/** An operation with where it is. */
export interface Located {
  method: string;
  path: string;
  operation: DescribedOperation;
  /** Of the path and its own. */
  parameters: readonly Parameter[];
}

/** All operations, in the order of the document. */
export function operationsOf({ paths }: ApiDocument): Located[] {
  return Object.entries(paths).flatMap(([path, { parameters = [], ...methods }]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation,
      // The others are the same everywhere.
      parameters: [...parameters, ...operation.parameters.filter(({ $ref }) => $ref === undefined)],
    })),
  );
}
