import { PATH_PARAMETERS } from '@llamactl/contract/path-parameters';

type Parameter = keyof typeof PATH_PARAMETERS;

const ALL = Object.keys(PATH_PARAMETERS) as Parameter[];

/**
 * What a path is about: the name or the id in it, if it can be one; else `null`. What cannot be one may be anything.
 *
 * @param params of the request, as the router gave them
 */
export function targetIn(params: unknown, parameters: readonly Parameter[] = ALL): string | null {
  const given = (params ?? {}) as Readonly<Record<string, string | undefined>>;
  const found = parameters.find((name) => PATH_PARAMETERS[name].schema.safeParse(given[name]).success);
  return found === undefined ? null : (given[found] ?? null);
}
