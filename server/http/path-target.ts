import { PATH_PARAMETERS } from '@llamactl/contract/path-parameters';

type Parameter = keyof typeof PATH_PARAMETERS;

const ALL = Object.keys(PATH_PARAMETERS) as Parameter[];

/**
 * The object that a path names: the valid name or id in it, otherwise `null`. Invalid values can contain anything, so
 * they are not used.
 *
 * @param params of the request, from the router
 */
export function targetIn(params: unknown, parameters: readonly Parameter[] = ALL): string | null {
  const given = (params ?? {}) as Readonly<Record<string, string | undefined>>;
  const found = parameters.find((name) => PATH_PARAMETERS[name].schema.safeParse(given[name]).success);
  return found === undefined ? null : (given[found] ?? null);
}
