import { suggestion } from '../../suggestion.ts';

/** The outermost keys of a llama-swap configuration. */
export const GLOBAL_KEYS: readonly string[] = [
  'apiKeys',
  'captureBuffer',
  'globalTTL',
  'groups',
  'healthCheckTimeout',
  'hooks',
  'includeAliasesInList',
  'logLevel',
  'logTimeFormat',
  'logToStdout',
  'macros',
  'matrix',
  'metricsMaxInMemory',
  'models',
  'peers',
  'performance',
  'routing',
  'sendLoadingState',
  'startPort',
];

/** The keys of a model. */
export const MODEL_KEYS: readonly string[] = [
  'aliases',
  'checkEndpoint',
  'cmd',
  'cmdStop',
  'concurrencyLimit',
  'description',
  'env',
  'filters',
  'healthCheckTimeout',
  'macros',
  'metadata',
  'name',
  'proxy',
  'sendLoadingState',
  'timeouts',
  'ttl',
  'unlisted',
  'useModelName',
];

/** The keys of `filters`. */
export const FILTER_KEYS: readonly string[] = ['setParams', 'setParamsByID', 'stripParams', 'strip_params'];

/** Why a key is dropped that has no counterpart: perhaps it is misspelt. */
export function unknownKey(key: string, known: readonly string[]): string {
  if (known.includes(key)) return 'llamactl has no such setting';
  const meant = suggestion(key, known);
  return meant === null ? 'llamactl has no such setting' : `llama-swap has no such setting; did you mean \`${meant}\`?`;
}
