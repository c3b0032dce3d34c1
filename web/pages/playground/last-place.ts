import { kept } from '../../lib/browser-storage.ts';
import type { Row } from '../../lib/live/row-store.ts';
import type { PlaygroundSearch } from './playground-search.ts';

/** The instance of the last visit, kept by the browser, and by each tab as that of its chat. */
export const LAST_INSTANCE = 'playground-instance';
/** The chat that this tab showed last. Other tabs have others. */
export const LAST_CHAT = 'playground-chat';

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** The instance and the chat of the playground. */
interface Place {
  instance: string;
  /** Id of a kept conversation; `undefined`: a new one. */
  chat: string | undefined;
}

/** Completes the address of the playground: one without an instance leads to the last place of this tab. */
export function lastPlace(
  { instance, chat }: Pick<PlaygroundSearch, 'instance' | 'chat'>,
  rows: { row: (name: string) => Row | undefined; all: () => Row[] },
): Place {
  if (instance !== undefined) return { instance, chat };
  const last = kept(LAST_INSTANCE, text, 'tab') ?? kept(LAST_INSTANCE, text);
  const isThere = last !== undefined && rows.row(last) !== undefined;
  return { instance: isThere ? last : firstOf(rows.all()), chat: chat ?? kept(LAST_CHAT, text, 'tab') };
}

/** An instance that runs, or the first. */
function firstOf(rows: readonly Row[]): string {
  return (rows.find(({ status }) => status === 'running') ?? rows[0])?.name ?? '';
}
