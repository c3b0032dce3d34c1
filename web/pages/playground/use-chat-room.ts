import { useNavigate } from '@tanstack/react-router';
import { useCallback, useEffect, useState } from 'react';
import { ChatRoom } from './chat-room.ts';
import { newConversation, type Conversation } from './conversation.ts';
import type { HistoryStore } from './history-store.ts';
import { nextFrame, useReader } from './use-answers.ts';

export interface ChatPlace {
  history: HistoryStore;
  /** Id of a kept conversation; `undefined`: a new one. */
  chat: string | undefined;
  /** The instance that answers. */
  instance: string;
}

/** A room, and the address that it was last seen at. */
interface Entered {
  room: ChatRoom;
  chat: string | undefined;
}

/**
 * Returns the open conversation; `null` while it is read. A new one gets its address with its first question. Leaving a
 * conversation ends its answer.
 */
export function useChatRoom({ history, chat, instance }: ChatPlace): ChatRoom | null {
  const read = useReader();
  const navigate = useNavigate();
  const roomOf = useCallback(
    (conversation: Conversation): ChatRoom => {
      let isKept = conversation.turns.length > 0;
      const save = (changed: Conversation): void => {
        void history.save(changed);
        if (isKept) return;
        isKept = true;
        const search = { instance: changed.instance, chat: changed.id };
        void navigate({ to: '/playground', search, replace: true });
      };
      return new ChatRoom(conversation, { read, save, nextFrame, newId, now: Date.now });
    },
    [read, history, navigate],
  );
  const [entered, setEntered] = useState<Entered | null>(null);
  const room = entered?.room ?? null;
  const isNamed = room !== null && room.conversation.get().id === chat;
  const isRight = entered !== null && (isNamed || entered.chat === chat);
  useEffect(() => {
    if (isNamed) setEntered((before) => (before === null || before.chat === chat ? before : { ...before, chat }));
    if (isRight) return undefined;
    let isLeft = false;
    const blank = (): Conversation => newConversation({ id: chat ?? newId(), instance, createdAt: Date.now() });
    const enter = async (id: string): Promise<void> => {
      const found = await history.read(id);
      if (!isLeft) setEntered({ room: roomOf(found ?? blank()), chat });
    };
    if (chat === undefined) setEntered({ room: roomOf(blank()), chat });
    else void enter(chat);
    return () => {
      isLeft = true;
    };
    // oxlint-disable-next-line react/exhaustive-deps -- another instance does not open another conversation
  }, [chat, isNamed, isRight, history, roomOf]);
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
