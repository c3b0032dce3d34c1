import { ConfigSchema } from '@llamactl/contract/config';
import type { z } from 'zod';

/** How the value of a key is written as text, in a variable or a flag. `map`: not at all, only in the file. */
export type ValueKind = 'text' | 'number' | 'boolean' | 'list' | 'numbers' | 'map';

/** One key of the configuration that holds a value, not a section. */
export interface ConfigKey {
  path: readonly string[];
  /** Dotted: `server.port`. */
  name: string;
  /** The environment variable that sets it: `LLAMACTL_SERVER_PORT`. */
  variable: string;
  kind: ValueKind;
  /** Never shown, and may be read from a file: `LLAMACTL_MODELS_HF_TOKEN_FILE`. */
  isSecret: boolean;
}

/** Keys whose values are secrets; a webhook's URL is one, because knowing it is all that is needed to post to it. */
const SECRETS: ReadonlySet<string> = new Set(['models.hf_token', 'alerts.webhook']);

/** Every key, in the order of the schema, from which all is derived. */
export function configKeys(): ConfigKey[] {
  return keysOf(ConfigSchema, []);
}

function keysOf(schema: z.core.$ZodType, path: readonly string[]): ConfigKey[] {
  const { def } = unwrapped(schema);
  if (def.type === 'object') return Object.entries(def.shape).flatMap(([key, inner]) => keysOf(inner, [...path, key]));
  const name = path.join('.');
  const variable = `LLAMACTL_${path.join('_').toUpperCase()}`;
  return [{ path, name, variable, kind: kindOf(schema), isSecret: SECRETS.has(name) }];
}

function kindOf(schema: z.core.$ZodType): ValueKind {
  const { def } = unwrapped(schema);
  switch (def.type) {
    case 'number':
    case 'boolean':
      return def.type;
    case 'array':
      return 'list';
    case 'tuple':
      return 'numbers';
    case 'record':
      return 'map';
    default:
      // Enumerations, and unions of which every member can be written as text.
      return 'text';
  }
}

/** What is inside of a default. */
function unwrapped(schema: z.core.$ZodType): z.core.$ZodTypes['_zod'] {
  const internals = (schema as z.core.$ZodTypes)._zod;
  const { def } = internals;
  return def.type === 'default' || def.type === 'prefault' || def.type === 'optional'
    ? unwrapped(def.innerType)
    : internals;
}

/** The names that the schema knows below a path: `['server']` → `host`, `port`, …; empty when it names none there. */
export function keysBelow(path: readonly string[]): string[] {
  let schema: z.core.$ZodType | undefined = ConfigSchema;
  for (const step of path) schema = schema && below(schema, step);
  const def = schema && unwrapped(schema).def;
  return def?.type === 'object' ? Object.keys(def.shape) : [];
}

/** Whether the schema has a place for a key, under the names that users choose too. */
export function isKnownKey(path: readonly string[]): boolean {
  let schema: z.core.$ZodType | undefined = ConfigSchema;
  for (const step of path) schema = schema && below(schema, step);
  // What a strict section has for every other key.
  return schema !== undefined && unwrapped(schema).def.type !== 'never';
}

/** Whether the value at a path is a secret: those of keys, and each variable that an engine is given. */
export function isSecretPath(path: readonly string[]): boolean {
  return SECRETS.has(path.join('.')) || (path.length === 4 && path[0] === 'engines' && path[2] === 'environment');
}

function below(schema: z.core.$ZodType, key: string): z.core.$ZodType | undefined {
  const { def } = unwrapped(schema);
  if (def.type === 'record') return def.valueType;
  if (def.type !== 'object') return undefined;
  return Object.hasOwn(def.shape, key) ? def.shape[key] : def.catchall;
}
