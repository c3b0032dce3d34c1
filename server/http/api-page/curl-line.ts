import { EXAMPLES, PATH_EXAMPLES } from './examples.ts';
import type { Located } from './page-operations.ts';
import { markup, type Markup } from './markup.ts';

/**
 * A curl command for the request. The URL before its path is marked, because the page's script replaces it.
 *
 * @param base URL before the path of every request.
 * @param isAuthenticated Whether authentication is on.
 */
export function curlLine({ method, path, operation }: Located, base: string, isAuthenticated: boolean): Markup {
  const example = EXAMPLES[operation.operationId];
  const more = [
    ...(isAuthenticated && operation['x-permission'] !== 'public' ? ['-H "Authorization: Bearer $TOKEN"'] : []),
    ...(example === undefined ? [] : ["-H 'Content-Type: application/json'", `-d '${JSON.stringify(example)}'`]),
  ];
  const way = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => PATH_EXAMPLES[name] ?? name);
  const rest = [way, ...more].join(' \\\n  ');
  return markup`curl ${method === 'GET' ? null : `-X ${method} `}<span class="base">${base}</span>${rest}`;
}
