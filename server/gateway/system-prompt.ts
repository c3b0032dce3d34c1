import type { Bodies } from './bodies.ts';
import type { HeldBody } from './held-body.ts';
import { keyOf, type Member, type Members, membersOf } from './json-members.ts';
import { type Addition, type Message, NO_ADDITION, rewritten, type Rewriting } from './rewriting.ts';
import type { Route } from './route.ts';

/** How the requests of a path carry their system prompt. */
export interface PromptShape {
  /** The key whose value is the prompt; `null`: messages carry it. */
  key: string | null;
  /** The key of the messages; those with the role `system` or `developer` carry a prompt. `null`: no message does. */
  messages: string | null;
}

/** The means to search a body. */
interface Search {
  bodies: Bodies;
  /** Aborted when the caller has left. */
  signal: AbortSignal;
}

/** Rewrites a request like {@link rewritten}, and adds the system prompt of the instance if the request has none. */
export async function promptedMessage(
  path: string,
  { source, body }: Pick<Route, 'source' | 'body'>,
  shape: PromptShape,
  settings: Rewriting,
  search: Search,
): Promise<Message> {
  if (body === null || source.kind !== 'json') return rewritten({ path, body }, source, settings);
  const members = source.members ?? membersOf(body);
  const addition = await promptAddition(body, members, shape, settings, search);
  return rewritten({ path, body }, { kind: 'json', members }, settings, addition);
}

/**
 * Returns the change that adds the system prompt of the instance to a body; {@link NO_ADDITION}: the request has a
 * prompt, or cannot carry one.
 */
export async function promptAddition(
  body: HeldBody,
  members: Members,
  shape: PromptShape | undefined,
  { system_prompt: prompt = '', request_defaults: defaults = {}, request_strip: strip = [] }: Rewriting,
  { bodies, signal }: Search,
): Promise<Addition> {
  if (shape === undefined) return NO_ADDITION;
  const { key, messages } = shape;
  // The last occurrence of a repeated key counts, as in engines.
  const last = (name: string | null): Member | undefined =>
    name === null || strip.includes(name)
      ? undefined
      : members.list.findLast((member) => keyOf(body, member, name.length) === name);
  if (key !== null && Object.hasOwn(defaults, key)) return NO_ADDITION;
  const field = last(key);
  if (field !== undefined && !isNull(body, field)) return NO_ADDITION;
  const list = last(messages);
  const roles = list === undefined ? null : await bodies.roles(body.part(list.valueStart, list.end), signal);
  if (roles?.hasPrompt === true) return NO_ADDITION;
  if (key !== null) {
    if (field === undefined) return { fields: { [key]: prompt }, edit: null };
    return { fields: {}, edit: { start: field.valueStart, end: field.end, text: JSON.stringify(prompt) } };
  }
  if (list === undefined || roles?.isList !== true) return NO_ADDITION;
  const text = JSON.stringify({ role: 'system', content: prompt }) + (roles.isEmpty ? '' : ',');
  const start = list.valueStart + 1;
  return { fields: {}, edit: { start, end: start, text } };
}

function isNull(body: HeldBody, { valueStart, end }: Member): boolean {
  return end - valueStart === 4 && body.text(valueStart, end) === 'null';
}
