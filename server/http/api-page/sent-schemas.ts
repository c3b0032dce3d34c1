import type { OpenApiDocument } from '@llamactl/contract/openapi-document';

const REFERENCE = /"\$ref":"#\/components\/schemas\/([^"]+)"/g;

/** Names of the schemas in request bodies; all others occur only in answers. */
export function sentSchemas({
  paths,
  components: { schemas },
}: Pick<OpenApiDocument, 'paths' | 'components'>): ReadonlySet<string> {
  const found = new Set<string>();
  const find = (part: unknown): void => {
    for (const [, name = ''] of JSON.stringify(part ?? null).matchAll(REFERENCE)) {
      if (found.has(name)) continue;
      found.add(name);
      find(schemas[name]);
    }
  };
  for (const { parameters: _, ...methods } of Object.values(paths)) {
    for (const { requestBody } of Object.values(methods)) find(requestBody);
  }
  return found;
}
