import { alternativesOf, type Content, type Operation, type Schema, type Schemas } from './api-document.ts';

/** An operation with the text in which words are searched. */
export interface SearchedOperation {
  operation: Operation;
  /** In lower case. */
  text: string;
}

/** Adds to each operation the text to search: method, path, id, summary, tag, parameters, and all names of fields. */
export function searchedOperations(operations: readonly Operation[], schemas: Schemas): SearchedOperation[] {
  return operations.map((operation) => {
    const { method, path, id, summary, tag, parameters, body, answers } = operation;
    const contents = [...(body === null ? [] : [body.content]), ...answers.map(({ content }) => content)];
    const names = new Set(parameters.map(({ name }) => name));
    const seen = new Set<string>();
    for (const content of contents) {
      for (const schema of schemasOf(content)) collectNames(schema, schemas, names, seen);
    }
    return { operation, text: [method, path, id, summary, tag, ...names].join(' ').toLowerCase() };
  });
}

/** Returns the operations whose text has all words of a query, in their order. */
export function foundOperations(searched: readonly SearchedOperation[], query: string): Operation[] {
  const words = query.toLowerCase().split(/\s+/);
  return searched.filter(({ text }) => words.every((word) => text.includes(word))).map(({ operation }) => operation);
}

function schemasOf(content: Content): Schema[] {
  return Object.values(content).map(({ schema }) => schema);
}

/** @param seen References that were followed already; schemas may contain themselves. */
function collectNames(schema: Schema, schemas: Schemas, names: Set<string>, seen: Set<string>): void {
  const { $ref, properties = {}, items, additionalProperties } = schema;
  if ($ref !== undefined && !seen.has($ref)) {
    seen.add($ref);
    collectNames(schemas[$ref.split('/').at(-1) ?? ''] ?? {}, schemas, names, seen);
  }
  for (const [name, field] of Object.entries(properties)) {
    names.add(name);
    collectNames(field, schemas, names, seen);
  }
  for (const choice of alternativesOf(schema)) collectNames(choice, schemas, names, seen);
  if (items !== undefined) collectNames(items, schemas, names, seen);
  if (typeof additionalProperties === 'object') collectNames(additionalProperties, schemas, names, seen);
}
