import type { Client } from '@llamactl/client';
import type { App } from '../../lib/app.ts';
import { ValueStore } from '../../lib/value-store.ts';
import { readAnswer } from './answer-stream.ts';
import { ChatRoom } from './chat-room.ts';
import type { Conversation } from './conversation.ts';
import { HistoryStore } from './history-store.ts';
import { newId } from './new-id.ts';
import { StreamSlots } from './stream-slots.ts';
import { nextFrame } from './use-answers.ts';

/** What a {@link ChatDesk} needs. */
export interface DeskParts {
  client: Pick<Client, 'chat'>;
  history: HistoryStore;
}

/**
 * Owns the answers that come to this tab. It outlives the page of the playground: an answer goes on while another page is
 * open, and its chat is there again afterwards.
 */
export class ChatDesk {
  readonly history: HistoryStore;
  readonly slots = new StreamSlots();
  /** The conversations whose answer comes now, by id. */
  readonly answering = new ValueStore<ReadonlyMap<string, ChatRoom>>(new Map());
  readonly #client: Pick<Client, 'chat'>;
  readonly #deleted = new Set<string>();

  constructor({ client, history }: DeskParts) {
    this.#client = client;
    this.history = history;
  }

  /** Reads a kept conversation, with the answer that comes now; `null`: there is none with this id. */
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
      read: (reading) =>
        this.slots.run(reading.signal, () =>
          readAnswer({ client: this.#client, now: () => performance.now(), ...reading }),
        ),
      save: (changed) => {
        if (!this.#deleted.has(id)) void this.history.save(changed);
      },
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

  async rename(id: string, title: string): Promise<void> {
    const room = this.answering.get().get(id);
    if (room === undefined) await this.history.rename(id, title);
    else room.change({ title });
  }

  /** Deletes a conversation, and ends its answer. */
  async delete(id: string): Promise<void> {
    this.#deleted.add(id);
    this.answering.get().get(id)?.stop();
    await this.history.delete(id);
  }
}

/** The desk of each tab. It comes with the playground, so that `main.tsx` does not load it. */
const desks = new WeakMap<App, { name: string; desk: ChatDesk }>();

/** Returns the desk of a tab. @param name Of the database of its chats: each user has others. */
export function deskOf(app: App, name: string): ChatDesk {
  const present = desks.get(app);
  if (present?.name === name) return present.desk;
  const desk = new ChatDesk({ client: app.client, history: new HistoryStore(name) });
  desks.set(app, { name, desk });
  return desk;
}
