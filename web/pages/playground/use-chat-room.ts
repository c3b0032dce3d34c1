import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useStored } from '../../lib/value-store.ts';
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

/** A room, its desk, and the address that it was last seen at. */
interface Entered {
  desk: ChatDesk;
  room: ChatRoom;
  chat: string | undefined;
}

/**
 * Returns the open conversation; `null` while it is read. A new one gets its address with its first question, and so does
 * the one in place of a conversation that cannot be read. The answer of a conversation goes on when the user leaves it.
 */
export function useChatRoom({ desk, chat, instance }: ChatPlace): ChatRoom | null {
  const navigate = useNavigate();
  const [entered, setEntered] = useState<Entered | null>(null);
  const room = entered?.room ?? null;
  const id = room?.conversation.get().id;
  const isNamed = id !== undefined && id === chat;
  const isDeleted = useIsDeleted(desk, id);
  const isFound = useIsKept(desk, chat) && !isNamed && room?.conversation.get().turns.length === 0;
  const isRight = entered?.desk === desk && (isNamed || entered.chat === chat) && !isDeleted && !isFound;
  useEffect(() => {
    if (isNamed) setEntered((before) => (before === null || before.chat === chat ? before : { ...before, chat }));
    if (isRight) return undefined;
    let isLeft = false;
    // Never under the id of the address: the conversation with that id may exist, and this one would replace it.
    const blank = (): ChatRoom => desk.room(newConversation({ id: newId(), instance, createdAt: Date.now() }));
    const enter = async (wanted: string): Promise<void> => {
      const found = desk.deleted.get().has(wanted) ? null : await desk.open(wanted);
      if (!isLeft) setEntered({ desk, room: found ?? blank(), chat });
    };
    if (chat === undefined) setEntered({ desk, room: blank(), chat });
    else void enter(chat);
    return () => {
      isLeft = true;
    };
    // oxlint-disable-next-line react/exhaustive-deps -- another instance does not open another conversation
  }, [chat, isNamed, isRight, desk]);
  useEffect(() => {
    if (room === null || id === chat || !isRight) return undefined;
    return room.conversation.subscribe(() => {
      const { turns, instance: asked, id: named } = room.conversation.get();
      if (turns.length === 0) return;
      void navigate({ to: '/playground', search: { instance: asked, chat: named }, replace: true });
    });
  }, [room, id, chat, isRight, navigate]);
  useEffect(() => {
    // The address may already be that of another conversation.
    if (isRight && room !== null && room.conversation.get().instance !== instance) room.change({ instance });
  }, [room, isRight, instance]);
  useEffect(() => (room === null ? undefined : desk.follow(room)), [desk, room]);
  return room;
}

function useIsDeleted(desk: ChatDesk, id: string | undefined): boolean {
  const deleted = useStored(desk.deleted);
  return id !== undefined && deleted.has(id);
}

/** Whether the list has a chat, which another tab may have added, or the user has taken over. */
function useIsKept(desk: ChatDesk, chat: string | undefined): boolean {
  const entries = useStored(desk.history.entries);
  return chat !== undefined && entries?.some(({ id }) => id === chat) === true;
}
