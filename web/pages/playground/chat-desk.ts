import type { Client } from '@llamactl/client';
import type { App } from '../../lib/app.ts';
import { ValueStore } from '../../lib/value-store.ts';
import { readAnswer } from './answer-stream.ts';
import { AnswerWriters } from './answer-writers.ts';
import { ChatRoom } from './chat-room.ts';
import type { Conversation } from './conversation.ts';
import { HistoryStore } from './history-store.ts';
import { CompareBoard } from './compare-board.ts';
import { Workbench } from './kept-request.ts';
import { newId } from './new-id.ts';
import type { AnswerEffects } from './one-answer.ts';
import { StreamSlots } from './stream-slots.ts';
import { nextFrame } from './use-answers.ts';
import { embeddedTexts, rankedDocuments, type EmbeddedTexts, type RankedDocuments } from './vector-requests.ts';
import type { RerankInput } from './vector-requests.ts';

/** The requests that a desk sends. */
type DeskClient = Pick<Client, 'chat' | 'listRequests' | 'request'>;

/** The parts that a {@link ChatDesk} uses. */
export interface DeskParts {
  client: DeskClient;
  history: HistoryStore;
  /** The chats of this browser before accounts were turned on; `null`: accounts are off. */
  earlier: HistoryStore | null;
}

/**
 * Owns the answers that come to this tab. It outlives the page of the playground: an answer goes on while another page or
 * part is open, and is there again afterwards, and so is what the user wrote.
 */
export class ChatDesk {
  readonly history: HistoryStore;
  readonly earlier: HistoryStore | null;
  readonly slots = new StreamSlots();
  /** The conversations whose answer comes now, by id. */
  readonly answering = new ValueStore<ReadonlyMap<string, ChatRoom>>(new Map());
  /** Ids of the conversations that were deleted, here or in another tab. They are not stored again. */
  readonly deleted = new ValueStore<ReadonlySet<string>>(new Set());
  readonly embeddings: Workbench<string, readonly string[], EmbeddedTexts>;
  readonly rerank: Workbench<{ query: string; text: string }, RerankInput, RankedDocuments>;
  readonly #writers: AnswerWriters;
  /** The conversations that the page shows. */
  readonly #open = new Set<ChatRoom>();
  readonly #read: AnswerEffects['read'];
  #board: CompareBoard | null = null;

  constructor({ client, history, earlier }: DeskParts) {
    this.embeddings = new Workbench('', (instance, texts) => embeddedTexts(client, instance, texts));
    this.rerank = new Workbench({ query: '', text: '' }, (instance, input) => rankedDocuments(client, instance, input));
    this.#read = (reading) =>
      this.slots.run(reading.signal, () => readAnswer({ client, now: () => performance.now(), ...reading }));
    this.history = history;
    this.#writers = new AnswerWriters(history.name, () => this.#ownTurns());
    this.earlier = earlier;
    history.listen((kind, id) => {
      if (kind === 'deleted') this.#end(id);
      else this.#readmit(id);
    });
  }

  /** Reads the lists of chats. */
  async load(): Promise<void> {
    await Promise.all([this.history.load(), this.earlier?.load()]);
  }

  /** Reads a kept conversation, with the answer that comes now; `null`: no chat has this id. */
  async open(id: string): Promise<ChatRoom | null> {
    const found = this.answering.get().get(id);
    if (found !== undefined) return found;
    const conversation = await this.history.read(id);
    return conversation === null ? null : this.room(conversation);
  }

  /** Makes the owner of a conversation that is not open yet. */
  room(conversation: Conversation): ChatRoom {
    const { id } = conversation;
    const room = new ChatRoom(conversation, {
      read: this.#read,
      save: async (changed, known) => (this.deleted.get().has(id) ? null : this.history.save(changed, known)),
      nextFrame,
      newId,
      now: Date.now,
    });
    room.answering.subscribe(() => {
      const answering = new Map(this.answering.get());
      if (room.answering.get() === null) answering.delete(id);
      else answering.set(id, room);
      this.answering.set(answering);
    });
    return room;
  }

  /** Returns the comparison of this tab. @param first The instances of a new one. */
  board(first: () => readonly string[]): CompareBoard {
    this.#board ??= new CompareBoard(first(), { read: this.#read, nextFrame });
    return this.#board;
  }

  /**
   * Keeps an open conversation like the stored one, which other tabs and {@link rename} change too. Returns a function that
   * ends this.
   */
  follow(room: ChatRoom): () => void {
    this.#open.add(room);
    const end = this.history.listen((kind, id) => {
      if (kind === 'saved' && id === room.conversation.get().id) void this.#renew(room, id);
    });
    const endWatch = this.#watchAnswers(room);
    return () => {
      this.#open.delete(room);
      end();
      endWatch();
    };
  }

  /** Tells the other tabs that this one closes, so that they do not wait for its answers. */
  leave(): void {
    this.#writers.leave();
  }

  /** Ends the answers of an open conversation whose tabs are gone. Returns a function that ends this. */
  #watchAnswers(room: ChatRoom): () => void {
    const watches = new Map<string, () => void>();
    const renew = (): void => {
      const awaited = new Set(room.elsewhere());
      for (const [turn, end] of watches) {
        if (awaited.has(turn)) continue;
        end();
        watches.delete(turn);
      }
      for (const turn of awaited) {
        if (watches.has(turn)) continue;
        watches.set(
          turn,
          this.#writers.watch(turn, () => {
            watches.delete(turn);
            room.abandon(turn);
          }),
        );
      }
    };
    renew();
    const unsubscribe = room.conversation.subscribe(renew);
    return () => {
      unsubscribe();
      for (const end of watches.values()) end();
    };
  }

  /** Renames a kept conversation. The owner of one that is open, or answers, stores its new title. */
  async rename(id: string, title: string): Promise<void> {
    const open = this.#open.values().find((each) => each.conversation.get().id === id);
    const room = this.answering.get().get(id) ?? open;
    if (room === undefined) await this.history.rename(id, title);
    else room.change({ title });
  }

  /** Deletes a conversation, and ends its answer. */
  async delete(id: string): Promise<void> {
    this.#end(id);
    await this.history.delete(id);
  }

  #ownTurns(): ReadonlySet<string> {
    const turns = [...this.answering.get().values()].map((room) => room.answering.get());
    return new Set(turns.filter((turn) => turn !== null));
  }

  #end(id: string): void {
    this.deleted.set(new Set([...this.deleted.get(), id]));
    this.answering.get().get(id)?.stop();
  }

  /** Another tab had stored the conversation before it heard of the deletion. */
  #readmit(id: string): void {
    const deleted = new Set(this.deleted.get());
    if (deleted.delete(id)) this.deleted.set(deleted);
  }

  async #renew(room: ChatRoom, id: string): Promise<void> {
    const stored = await this.history.readNow(id);
    if (stored !== null) room.take(stored);
  }
}

/** The desk of each tab. It comes with the playground, so that `main.tsx` does not load it. */
const desks = new WeakMap<App, { user: string; desk: ChatDesk }>();

/** Returns the desk of a tab. Each user, and each server under a prefix of its own, has other chats. @param user Empty: accounts are off. */
export function deskOf(app: App, user: string): ChatDesk {
  const present = desks.get(app);
  if (present?.user === user) return present.desk;
  const storeOf = (name: string): HistoryStore => new HistoryStore(`llamactl:${location.pathname}:${name}`);
  const earlier = user === '' ? null : storeOf('');
  const desk = new ChatDesk({ client: app.client, history: storeOf(user), earlier });
  addEventListener('pagehide', () => desk.leave());
  desks.set(app, { user, desk });
  return desk;
}
