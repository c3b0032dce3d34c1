import { createContext, use } from 'react';

/** Text in the form that its settings do not have yet. A save would lose it. */
export type UnreadKind = 'yaml' | 'command';

/** The texts that a person has typed outside the fields of the form. They stay while another way to write is open. */
export interface TypedTexts {
  /** The document as typed; `null`: as the settings are written. */
  yaml: string | null;
  /** The document cannot be read as settings. */
  isFlawed: boolean;
  /** A pasted command that was not taken into the form. */
  command: string;
}

export const NO_TEXTS: TypedTexts = { yaml: null, isFlawed: false, command: '' };

/** The text that a save would lose; `null`: none. */
export function unreadOf({ isFlawed, command }: TypedTexts): UnreadKind | null {
  if (isFlawed) return 'yaml';
  return command.trim() === '' ? null : 'command';
}

/** Returns the texts without the unread one. */
export function withoutUnread(texts: TypedTexts): TypedTexts {
  return unreadOf(texts) === 'yaml' ? { ...texts, yaml: null, isFlawed: false } : { ...texts, command: '' };
}

/** The typed texts of one form. */
export interface Texts {
  texts: TypedTexts;
  setTexts: (change: (texts: TypedTexts) => TypedTexts) => void;
}

export const TextsContext = createContext<Texts | null>(null);

export function useTexts(): Texts {
  const texts = use(TextsContext);
  if (texts === null) throw new Error('useTexts needs a TextsContext');
  return texts;
}
