import type { AnswerFigures } from './answer-figures.ts';
import type { BrokenOutcome } from './answer-record.ts';
import type { ParameterTexts } from './parameters.ts';

/** A file of a question: an image as a `data:` URL, or a text. */
export interface ChatFile {
  kind: 'image' | 'text';
  name: string;
  content: string;
}

/** Why an answer failed. */
export interface TurnError {
  sentence: string;
  /** For a report; `null`: the server did not answer. */
  requestId: string | null;
  /** Whether the connection to llamactl broke. Chats of earlier versions do not say. */
  isLost?: boolean;
  /** Why the answer broke off, as llamactl recorded it. Absent: it did not say. */
  brokeOff?: BrokenOutcome;
}

/** The limit that cut an answer: the parameter of the chat, or a limit of the instance, such as its context. */
export type AnswerLimit = 'max_tokens' | 'instance';

/** `stopped`: the user ended the answer, or closed the page in its middle. */
export type TurnState = 'done' | 'streaming' | 'stopped' | 'failed';

/** One question, or one answer. */
export interface Turn {
  id: string;
  /** The turn before it; `null`: it is the first. Turns with the same parent are branches. */
  parent: string | null;
  role: 'user' | 'assistant';
  text: string;
  /** The thoughts of a model before its answer; often empty. */
  reasoning: string;
  files: readonly ChatFile[];
  /** The instance of an answer; `null` for a question. */
  instance: string | null;
  state: TurnState;
  error: TurnError | null;
  figures: AnswerFigures | null;
  /** The limit or event that cut the answer; `null`: nothing did. Chats of earlier versions do not say. */
  limit?: AnswerLimit | null;
  /** Milliseconds since the epoch. */
  at: number;
}

/** A conversation with all its branches. */
export interface Conversation {
  id: string;
  /** Empty until the first question. */
  title: string;
  instance: string;
  /** The system prompt; empty: none. */
  system: string;
  parameters: ParameterTexts;
  turns: readonly Turn[];
  /** The chosen branch below each turn; the key of the first turns is {@link ROOT}. */
  chosen: Readonly<Record<string, string>>;
  createdAt: number;
  updatedAt: number;
  /** Changes each time that a tab stores the conversation. Absent: not stored yet, or by an earlier version. */
  stamp?: string | undefined;
}

/** The key of the first turns, which have no parent. */
export const ROOT = '';

const TITLE_LENGTH = 60;

/** A turn on the chosen path, with its place among the branches at this point. */
export interface ShownTurn {
  turn: Turn;
  /** Ids of all branches here, oldest first. */
  branches: readonly string[];
  /** Index of this turn in them. */
  at: number;
}

/** Makes a conversation without turns. */
export function newConversation(facts: Pick<Conversation, 'id' | 'instance' | 'createdAt'>): Conversation {
  return { ...facts, title: '', system: '', parameters: {}, turns: [], chosen: {}, updatedAt: facts.createdAt };
}

/** Returns the turns of the chosen branches, first one first. */
export function shownTurns({ turns, chosen }: Pick<Conversation, 'turns' | 'chosen'>): ShownTurn[] {
  const children = Map.groupBy(turns, ({ parent }) => parent ?? ROOT);
  const shown: ShownTurn[] = [];
  let key = ROOT;
  for (;;) {
    const branches = children.get(key) ?? [];
    const turn = branches.find(({ id }) => id === chosen[key]) ?? branches.at(-1);
    if (turn === undefined) return shown;
    shown.push({ turn, branches: branches.map(({ id }) => id), at: branches.indexOf(turn) });
    key = turn.id;
  }
}

/** Adds a turn and shows it. The first question gives the conversation its title. */
export function withTurn(conversation: Conversation, turn: Turn): Conversation {
  return {
    ...conversation,
    title: conversation.title === '' ? titleOf(turn) : conversation.title,
    turns: [...conversation.turns, turn],
    chosen: { ...conversation.chosen, [turn.parent ?? ROOT]: turn.id },
    updatedAt: turn.at,
  };
}

/** Changes fields of a turn. */
export function withChange(conversation: Conversation, id: string, fields: Partial<Turn>): Conversation {
  const turns = conversation.turns.map((turn) => (turn.id === id ? { ...turn, ...fields } : turn));
  return { ...conversation, turns };
}

/** Shows the branch of a turn. */
export function withChoice(conversation: Conversation, id: string): Conversation {
  const turn = conversation.turns.find((each) => each.id === id);
  if (turn === undefined) return conversation;
  return { ...conversation, chosen: { ...conversation.chosen, [turn.parent ?? ROOT]: id } };
}

/** A stored conversation after a reload: an answer that was under way has ended where it was. */
export function afterReload(conversation: Conversation): Conversation {
  const turns = conversation.turns.map((turn) =>
    turn.state === 'streaming' ? { ...turn, state: 'stopped' as const } : turn,
  );
  return { ...conversation, turns };
}

function titleOf({ text, files }: Turn): string {
  const line = text.trim().replaceAll(/\s+/g, ' ');
  const title = line === '' ? (files[0]?.name ?? '') : line;
  return title.length > TITLE_LENGTH ? `${title.slice(0, TITLE_LENGTH - 1)}…` : title;
}
