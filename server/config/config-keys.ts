import { ConfigSchema } from '@llamactl/contract/config';
import type { z } from 'zod';

/** How to write a key's value as text, in a variable or a flag. `map`: possible only in the file. */
export type ValueKind = 'text' | 'number' | 'boolean' | 'list' | 'numbers' | 'map';

/** One key of the configuration that holds a value, not a section. */
export interface ConfigKey {
  path: readonly string[];
  /** Dotted: `server.port`. */
  name: string;
  /** The environment variable that sets it: `LLAMACTL_SERVER_PORT`. */
  variable: string;
  kind: ValueKind;
  /** A secret is never shown, and may be read from a file: `LLAMACTL_MODELS_HF_TOKEN_FILE`. */
  isSecret: boolean;
}

/** Keys whose values are secrets. A webhook's URL is one: it suffices for posting to the webhook. */
const SECRETS: ReadonlySet<string> = new Set(['models.hf_token', 'alerts.webhook']);

/** Every key, derived from the schema and in its order. */
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
      // Enumerations, and unions whose members can all be written as text.
      return 'text';
  }
}

/** The schema without its default. */
function unwrapped(schema: z.core.$ZodType): z.core.$ZodTypes['_zod'] {
  const internals = (schema as z.core.$ZodTypes)._zod;
  const { def } = internals;
  return def.type === 'default' || def.type === 'prefault' || def.type === 'optional'
    ? unwrapped(def.innerType)
    : internals;
}

/** The names that the schema defines below a path: `['server']` → `host`, `port`, …; may be empty. */
export function keysBelow(path: readonly string[]): string[] {
  let schema: z.core.$ZodType | undefined = ConfigSchema;
  for (const step of path) schema = schema && below(schema, step);
  const def = schema && unwrapped(schema).def;
  return def?.type === 'object' ? Object.keys(def.shape) : [];
}

/** Whether the schema allows a key, also one below a name that a user chose. */
export function isKnownKey(path: readonly string[]): boolean {
  let schema: z.core.$ZodType | undefined = ConfigSchema;
  for (const step of path) schema = schema && below(schema, step);
  // `never` stands for all other keys of a strict section.
  return schema !== undefined && unwrapped(schema).def.type !== 'never';
}

/** Whether the value at a path is a secret: a secret key, or a variable in an engine's `environment`. */
export function isSecretPath(path: readonly string[]): boolean {
  return SECRETS.has(path.join('.')) || (path.length === 4 && path[0] === 'engines' && path[2] === 'environment');
}

function below(schema: z.core.$ZodType, key: string): z.core.$ZodType | undefined {
  const { def } = unwrapped(schema);
  if (def.type === 'record') return def.valueType;
  // A JSON value, which may have any keys.
  if (def.type === 'lazy') return schema;
  if (def.type !== 'object') return undefined;
  return Object.hasOwn(def.shape, key) ? def.shape[key] : def.catchall;
}
