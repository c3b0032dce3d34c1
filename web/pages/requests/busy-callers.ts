import type { ActiveRequest } from '@llamactl/client';

/** A caller with its requests in flight. */
export interface BusyCaller {
  /** `null`: unknown, as without accounts. */
  caller: string | null;
  count: number;
}

/** The callers of requests, those with the most first. @param names The instances that count. */
export function busyCallers(
  requests: readonly Pick<ActiveRequest, 'caller' | 'instance'>[],
  names: ReadonlySet<string>,
): readonly BusyCaller[] {
  const own = requests.filter(({ instance }) => instance !== null && names.has(instance));
  return [...Map.groupBy(own, ({ caller }) => caller)]
    .map(([caller, { length: count }]) => ({ caller, count }))
    .toSorted((one, other) => other.count - one.count);
}
