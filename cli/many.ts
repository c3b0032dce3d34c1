import { EXIT, type ExitStatus } from './exit-status.ts';

/** What acting on one of several came to. */
export type Outcome<Value> = { name: string; value: Value } | { name: string; error: unknown };

/** Acts on all at once. One that fails keeps none of the others from it. */
export function onEach<Value>(
  names: readonly string[],
  act: (name: string) => Promise<Value>,
): Promise<Outcome<Value>[]> {
  return Promise.all(
    names.map(async (name): Promise<Outcome<Value>> => {
      try {
        return { name, value: await act(name) };
      } catch (error) {
        return { name, error };
      }
    }),
  );
}

/** The one failure of all of them, such as a server that is away; `null`: there are several, or some went well. */
export function commonFailure(outcomes: readonly Outcome<unknown>[]): { name: string; error: unknown } | null {
  const [first] = outcomes;
  if (first === undefined || !('error' in first)) return null;
  const said = String(first.error);
  return outcomes.every((outcome) => 'error' in outcome && String(outcome.error) === said) ? first : null;
}

/** Each name once: the server does not tell upper and lower case apart. */
export function distinct(names: readonly string[]): string[] {
  const first = new Map<string, string>();
  for (const name of names) if (!first.has(name.toLowerCase())) first.set(name.toLowerCase(), name);
  return [...first.values()];
}

/** From what is worth knowing last to what is first. */
const GRAVITY: readonly ExitStatus[] = [
  EXIT.ok,
  EXIT.notFound,
  EXIT.failed,
  EXIT.startFailed,
  EXIT.usage,
  EXIT.notAllowed,
  EXIT.unreachable,
  EXIT.interrupted,
];

/** The exit status of a command that was about several. */
export function worst(statuses: readonly ExitStatus[]): ExitStatus {
  return GRAVITY.findLast((status) => statuses.includes(status)) ?? EXIT.ok;
}
