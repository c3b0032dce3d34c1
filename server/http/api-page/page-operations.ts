import type { DescribedOperation, DescribedParameter, OpenApiDocument } from '@llamactl/contract/openapi-document';

/** An operation with its method and path. */
export interface Located {
  method: string;
  path: string;
  operation: DescribedOperation;
  /** Parameters of the path and of the operation. */
  parameters: readonly DescribedParameter[];
}

/** All operations, in the order of the document. */
export function operationsOf({ paths }: Pick<OpenApiDocument, 'paths'>): Located[] {
  return Object.entries(paths).flatMap(([path, { parameters = [], ...methods }]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation,
      // Parameters without a name are references, the same for all operations.
      parameters: [...parameters, ...operation.parameters.filter((each) => 'name' in each)],
    })),
  );
}
