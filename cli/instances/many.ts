import type { Status } from '@llamactl/client';
import { EXIT, type ExitStatus } from '../exit-status.ts';

/** The outcome of an action on one name. */
export type Outcome<Value> = { name: string; value: Value } | { name: string; error: unknown };

/** Runs an action on all names in parallel. A failure does not stop the others. */
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

/** Sends one request per name, and returns the status after each. The client waits for rate limits. */
export function eachStatus(
  act: (name: string) => Promise<{ status: Status }>,
): (names: readonly string[]) => Promise<Outcome<Status>[]> {
  return (names) => onEach(names, async (name) => (await act(name)).status);
}

/** Things whose names follow them in messages. */
const KINDS = ['instance', 'model', 'account', 'key'];
/** Words that follow a name at the beginning of a message. */
const VERBS = ['is', 'has', 'was', 'did', 'does', 'failed'];

/** Puts a name in front of the message about it, unless the message names it already. */
export function withName(name: string, message: string): string {
  const isSubject = VERBS.some((verb) => message.startsWith(`${name} ${verb} `));
  const isNamed = KINDS.some((kind) => `${message};`.includes(`${kind} ${name};`));
  return isSubject || isNamed ? message : `${name}: ${message}`;
}

/** The failure that all outcomes share, such as an unreachable server; `null`: failures differ, or some succeeded. */
export function commonFailure(outcomes: readonly Outcome<unknown>[]): { name: string; error: unknown } | null {
  const [first] = outcomes;
  if (first === undefined || !('error' in first)) return null;
  const said = String(first.error);
  return outcomes.every((outcome) => 'error' in outcome && String(outcome.error) === said) ? first : null;
}

/** Removes duplicate names. The server compares names without case. */
export function distinct(names: readonly string[]): string[] {
  const first = new Map<string, string>();
  for (const name of names) if (!first.has(name.toLowerCase())) first.set(name.toLowerCase(), name);
  return [...first.values()];
}

/** Exit statuses from the least to the most important. */
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

/** The most important of several exit statuses. */
export function worst(statuses: readonly ExitStatus[]): ExitStatus {
  return GRAVITY.findLast((status) => statuses.includes(status)) ?? EXIT.ok;
}
