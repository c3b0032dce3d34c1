import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import type { ChatDesk } from './chat-desk.ts';
import type { ChatRoom } from './chat-room.ts';
import { newConversation } from './conversation.ts';
import { newId } from './new-id.ts';

export interface ChatPlace {
  desk: ChatDesk;
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
 * Returns the open conversation; `null` while it is read. A new one gets its address with its first question. The answer
 * of a conversation goes on when the user leaves it.
 */
export function useChatRoom({ desk, chat, instance }: ChatPlace): ChatRoom | null {
  const navigate = useNavigate();
  const [entered, setEntered] = useState<Entered | null>(null);
  const room = entered?.room ?? null;
  const isNamed = room !== null && room.conversation.get().id === chat;
  const isRight = entered !== null && (isNamed || entered.chat === chat);
  useEffect(() => {
    if (isNamed) setEntered((before) => (before === null || before.chat === chat ? before : { ...before, chat }));
    if (isRight) return undefined;
    let isLeft = false;
    const blank = (): ChatRoom => desk.room(newConversation({ id: chat ?? newId(), instance, createdAt: Date.now() }));
    const enter = async (id: string): Promise<void> => {
      const found = await desk.open(id);
      if (!isLeft) setEntered({ room: found ?? blank(), chat });
    };
    if (chat === undefined) setEntered({ room: blank(), chat });
    else void enter(chat);
    return () => {
      isLeft = true;
    };
    // oxlint-disable-next-line react/exhaustive-deps -- another instance does not open another conversation
  }, [chat, isNamed, isRight, desk]);
  useEffect(() => {
    if (entered === null || entered.chat !== undefined || chat !== undefined) return undefined;
    const { conversation } = entered.room;
    return conversation.subscribe(() => {
      const { turns, instance: asked, id } = conversation.get();
      if (turns.length === 0) return;
      void navigate({ to: '/playground', search: { instance: asked, chat: id }, replace: true });
    });
  }, [entered, chat, navigate]);
  useEffect(() => {
    if (room !== null && room.conversation.get().instance !== instance) room.change({ instance });
  }, [room, instance]);
  return room;
}
