import type { DescribedOperation, DescribedParameter, OpenApiDocument } from '@llamactl/contract/openapi-document';

/** An operation with where it is. */
export interface Located {
  method: string;
  path: string;
  operation: DescribedOperation;
  /** Of the path and its own. */
  parameters: readonly DescribedParameter[];
}

/** All operations, in the order of the document. */
export function operationsOf({ paths }: Pick<OpenApiDocument, 'paths'>): Located[] {
  return Object.entries(paths).flatMap(([path, { parameters = [], ...methods }]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation,
      // The others are the same everywhere.
      parameters: [...parameters, ...operation.parameters.filter((each) => 'name' in each)],
    })),
  );
}
