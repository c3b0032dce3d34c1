import type { Conversation, Turn } from './conversation.ts';

/**
 * Joins a conversation of this tab with what other tabs stored meanwhile. No turn is lost. A turn or setting that this tab
 * changed wins, and so do its shown branches and its instance.
 *
 * @param known The last version that this tab had in common with the store. It shares unchanged turns with `mine`.
 */
export function joined(mine: Conversation, known: Conversation, theirs: Conversation): Conversation {
  const stored = new Map(theirs.turns.map((turn) => [turn.id, turn]));
  const before = new Map(known.turns.map((turn) => [turn.id, turn]));
  const own = new Map(mine.turns.map((turn) => [turn.id, turn]));
  const turns = [...theirs.turns, ...mine.turns.filter(({ id }) => !stored.has(id))].map((turn) => {
    const ours = own.get(turn.id);
    return ours === undefined || ours === before.get(turn.id) ? turn : ours;
  });
  return {
    ...mine,
    title: mine.title === known.title ? theirs.title : mine.title,
    system: mine.system === known.system ? theirs.system : mine.system,
    parameters: mine.parameters === known.parameters ? theirs.parameters : mine.parameters,
    turns: turns.toSorted((one, other) => one.at - other.at),
    chosen: { ...theirs.chosen, ...mine.chosen },
    updatedAt: Math.max(mine.updatedAt, theirs.updatedAt),
    stamp: theirs.stamp,
  };
}

/** Returns a stored version that shares its equal turns with the known one, so that they do not render again. */
export function sharing(stored: Conversation, known: Conversation): Conversation {
  const before = new Map(known.turns.map((turn) => [turn.id, turn]));
  const turns = stored.turns.map((turn) => {
    const same = before.get(turn.id);
    return same !== undefined && isEqual(turn, same) ? same : turn;
  });
  return { ...stored, turns };
}

/** Only these fields of a turn change. */
function isEqual(one: Turn, other: Turn): boolean {
  return (
    one.state === other.state &&
    one.text === other.text &&
    one.reasoning === other.reasoning &&
    one.error?.sentence === other.error?.sentence &&
    one.error?.requestId === other.error?.requestId
  );
}
