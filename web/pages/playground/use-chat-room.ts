import { useCallback, useEffect, useState } from 'react';
import { useApp } from '../../lib/app.ts';
import { readAnswer } from './answer-stream.ts';
import { ChatRoom, type ChatEffects } from './chat-room.ts';
import { newConversation, type Conversation } from './conversation.ts';
import type { HistoryStore } from './history-store.ts';
import type { StreamSlots } from './stream-slots.ts';

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
  const { client } = useApp();
  const roomOf = useCallback(
    (conversation: Conversation): ChatRoom => {
      const effects: ChatEffects = {
        read: (reading) =>
          slots.run(reading.signal, () => readAnswer({ client, now: () => performance.now(), ...reading })),
        save: (changed) => void history.save(changed),
        nextFrame: requestAnimationFrame.bind(globalThis),
        newId,
        now: Date.now,
      };
      return new ChatRoom(conversation, effects);
    },
    [client, history, slots],
  );
  const [room, setRoom] = useState<ChatRoom | null>(null);
  const open = room?.conversation.get();
  const isRight = open !== undefined && (chat === undefined ? open.turns.length === 0 : open.id === chat);
  useEffect(() => {
    if (isRight) return undefined;
    let isLeft = false;
    const enter = async (): Promise<void> => {
      const found = chat === undefined ? null : await history.read(chat);
      if (isLeft) return;
      setRoom(roomOf(found ?? newConversation({ id: chat ?? newId(), instance, createdAt: Date.now() })));
    };
    void enter();
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
