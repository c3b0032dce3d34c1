import { isRecord } from '@llamactl/contract/record';

/** A map of the configuration, in YAML or JSON. */
export type Values = Readonly<Record<string, unknown>>;

/** The value at a path of maps; `undefined`: none. */
export function valueAt(values: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, step) => (isRecord(value) && Object.hasOwn(value, step) ? value[String(step)] : undefined),
    values,
  );
}
