import { EXAMPLES, PATH_EXAMPLES } from './examples.ts';
import type { Located } from './page-operations.ts';
import { markup, type Markup } from './markup.ts';

/**
 * A line for a shell that makes the request. What stands before its path is marked, for the script puts another in its place.
 *
 * @param base What stands before the path of every request.
 * @param isAuthenticated Whether somebody has to be known.
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
