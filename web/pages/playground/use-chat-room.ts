import { useCallback, useEffect, useState } from 'react';
import { ChatRoom, type ChatEffects } from './chat-room.ts';
import { newConversation, type Conversation } from './conversation.ts';
import type { HistoryStore } from './history-store.ts';
import type { StreamSlots } from './stream-slots.ts';
import { nextFrame, useReader } from './use-answers.ts';

export interface ChatPlace {
  history: HistoryStore;
  slots: StreamSlots;
  /** Id of a kept conversation; `undefined`: a new one. */
  chat: string | undefined;
  /** The instance that answers. */
  instance: string;
}

/** Returns the open conversation; `null` while it is read. Leaving it ends its answer. */
export function useChatRoom({ history, slots, chat, instance }: ChatPlace): ChatRoom | null {
  const read = useReader(slots);
  const roomOf = useCallback(
    (conversation: Conversation): ChatRoom => {
      const effects: ChatEffects = {
        read,
        save: (changed) => void history.save(changed),
        nextFrame,
        newId,
        now: Date.now,
      };
      return new ChatRoom(conversation, effects);
    },
    [read, history],
  );
  const [room, setRoom] = useState<ChatRoom | null>(null);
  const open = room?.conversation.get();
  const isRight = open !== undefined && (chat === undefined ? open.turns.length === 0 : open.id === chat);
  useEffect(() => {
    if (isRight) return undefined;
    let isLeft = false;
    const blank = (): Conversation => newConversation({ id: chat ?? newId(), instance, createdAt: Date.now() });
    const enter = async (id: string): Promise<void> => {
      const found = await history.read(id);
      if (!isLeft) setRoom(roomOf(found ?? blank()));
    };
    if (chat === undefined) setRoom(roomOf(blank()));
    else void enter(chat);
    return () => {
      isLeft = true;
    };
    // oxlint-disable-next-line react/exhaustive-deps -- another instance does not open another conversation
  }, [chat, isRight, history, roomOf]);
  useEffect(() => () => room?.stop(), [room]);
  useEffect(() => {
    if (room !== null && room.conversation.get().instance !== instance) room.change({ instance });
  }, [room, instance]);
  return room;
}

/** Without `randomUUID`, which browsers have only over HTTPS. */
function newId(): string {
  return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
