import type { Operation } from './operation.ts';

/** What `openapi.json` is made of, as far as this project writes it. */
// A type, not an interface: it is sent as what holds any field.
export type OpenApiDocument = {
  openapi: string;
  info: { title: string; version: string; description: string; license: { name: string; identifier: string } };
  servers: { url: string; description: string }[];
  tags: { name: string }[];
  paths: Record<string, PathItem>;
  components: {
    /** Everything that has a name. */
    schemas: Record<string, Schema>;
    parameters: Record<string, DescribedParameter>;
    headers: Record<string, DescribedHeader>;
    securitySchemes: Record<string, { type: string; description: string }>;
  };
};

/** The operations of one path, by their method in small letters. */
export interface PathItem extends Partial<Record<Lowercase<Operation['method']>, DescribedOperation>> {
  /** Of the path itself. */
  parameters?: DescribedParameter[];
}

/** One operation. */
export interface DescribedOperation {
  operationId: string;
  tags: string[];
  summary: string;
  'x-permission': string;
  'x-cost-class': string;
  /** Empty: nobody has to be known. */
  security: Record<string, string[]>[];
  /** Its own; those of the path stand there. */
  parameters: (DescribedParameter | Reference)[];
  requestBody?: { required: boolean; content: Content };
  /** By their status. */
  responses: Record<string, DescribedAnswer>;
}

/** What one status says. */
export interface DescribedAnswer {
  description: string;
  headers: Record<string, DescribedHeader | Reference>;
  content: Content;
}

/** Bodies by their media type. */
export type Content = Record<string, { schema: Schema }>;

/** A parameter of a path, a query or the header. */
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

/** It is described under `components`. */
export interface Reference {
  $ref: string;
}

/** A schema of the OpenAPI document, as far as it says something of types. */
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
  /** Where both are the same, the list has a fixed length. */
  minItems?: number;
  maxItems?: number;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
}
