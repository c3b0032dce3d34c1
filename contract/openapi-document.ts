import type { Operation } from './operation.ts';

/** The parts of an OpenAPI document that this project writes. */
// A type, not an interface: only a type is assignable to a record with any fields.
export type OpenApiDocument = {
  openapi: string;
  info: { title: string; version: string; description: string; license: { name: string; identifier: string } };
  servers: { url: string; description: string }[];
  tags: { name: string }[];
  paths: Record<string, PathItem>;
  components: {
    /** All schemas that have a name. */
    schemas: Record<string, Schema>;
    parameters: Record<string, DescribedParameter>;
    headers: Record<string, DescribedHeader>;
    securitySchemes: Record<string, { type: string; description: string }>;
  };
};

/** The operations of one path, by method in lower case. */
export interface PathItem extends Partial<Record<Lowercase<Operation['method']>, DescribedOperation>> {
  /** The parameters in the path itself. */
  parameters?: DescribedParameter[];
}

/** One operation. */
export interface DescribedOperation {
  operationId: string;
  tags: string[];
  summary: string;
  'x-permission': string;
  'x-cost-class': string;
  /** Empty: no credentials are needed. */
  security: Record<string, string[]>[];
  /** Without the parameters of the path, which the path item has. */
  parameters: (DescribedParameter | Reference)[];
  requestBody?: { required: boolean; content: Content };
  /** Answers by status. */
  responses: Record<string, DescribedAnswer>;
}

/** The answer with one status. */
export interface DescribedAnswer {
  description: string;
  headers: Record<string, DescribedHeader | Reference>;
  content: Content;
}

/** Bodies by media type. Requests have an example in JSON. */
export type Content = Record<string, { schema: Schema; example?: unknown }>;

/** A parameter in a path, a query or a header. */
export interface DescribedParameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  description?: string;
  schema: Schema;
}

export interface DescribedHeader {
  description: string;
  schema: Schema;
}

/** A reference to a description under `components`. */
export interface Reference {
  $ref: string;
}

/** A schema of the OpenAPI document, without the parts that generators of types do not need. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  pattern?: string;
  minimum?: number;
  const?: unknown;
  enum?: unknown[];
  description?: string;
  anyOf?: Schema[];
  oneOf?: Schema[];
  items?: Schema;
  /** Equal to `maxItems` for a list of fixed length. */
  minItems?: number;
  maxItems?: number;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
}
