import { useNavigate } from '@tanstack/react-router';
import { useCallback, useEffect, useRef, useState, type ReactNode } from 'react';
import { Drawer } from '../../components/dialog.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { useWords } from '../../lib/language.ts';
import { useRow } from '../../lib/live/live-hooks.ts';
import { COARSE } from '../../lib/media.ts';
import { useShortcuts } from '../../lib/shortcuts.ts';
import { useStored } from '../../lib/value-store.ts';
import { playgroundWords } from '../../words/playground.ts';
import { isAble } from './abilities.ts';
import type { ChatRoom } from './chat-room.ts';
import { ChatSettings } from './chat-settings.tsx';
import { CodeDialog } from './code-dialog.tsx';
import { Composer } from './composer.tsx';
import { HistoryList } from './history-list.tsx';
import type { HistoryStore } from './history-store.ts';
import { MessageList } from './message-list.tsx';
import { useChatRoom, type ChatPlace } from './use-chat-room.ts';

/** The drawer that is open on a screen without room for columns. */
export type ChatDrawer = 'history' | 'settings' | null;

interface ChatPartProps extends ChatPlace {
  /** Whether history and settings stand beside the chat. */
  hasColumns: boolean;
  drawer: ChatDrawer;
  onCloseDrawer: () => void;
}

/** Talking with an instance. */
export function ChatPart({ hasColumns, drawer, onCloseDrawer, ...place }: ChatPartProps) {
  const { desk, chat, instance } = place;
  const { history } = desk;
  const room = useChatRoom(place);
  const navigate = useNavigate();
  if (room === null) return null;
  const openNew = (): void => {
    void navigate({ to: '/playground', search: { instance } });
    onCloseDrawer();
  };
  const list = (
    <HistoryList
      desk={desk}
      open={chat ?? ''}
      onOpen={(entry) => {
        void navigate({ to: '/playground', search: { instance: entry.instance, chat: entry.id } });
        onCloseDrawer();
      }}
      onNew={openNew}
      onDeleted={(id) => id === chat && openNew()}
    />
  );
  return (
    <div className="flex min-h-0 grow">
      {hasColumns && <aside className="flex w-60 shrink-0 flex-col border-r border-line bg-panel p-3">{list}</aside>}
      <OpenChat room={room} history={history} />
      {hasColumns && (
        <aside className="w-72 shrink-0 overflow-y-auto border-l border-line p-4">
          <ChatSettings room={room} />
        </aside>
      )}
      {!hasColumns && drawer !== null && (
        <SideDrawer kind={drawer} onClose={onCloseDrawer}>
          {drawer === 'history' ? list : <ChatSettings room={room} />}
        </SideDrawer>
      )}
    </div>
  );
}

interface SideDrawerProps {
  kind: 'history' | 'settings';
  onClose: () => void;
  children: ReactNode;
}

function SideDrawer({ kind, onClose, children }: SideDrawerProps) {
  const words = useWords(playgroundWords);
  return (
    <Drawer title={kind === 'history' ? words.history : words.settings} onClose={onClose} width={360}>
      {children}
    </Drawer>
  );
}

function OpenChat({ room, history }: { room: ChatRoom; history: HistoryStore }) {
  const words = useWords(playgroundWords);
  const conversation = useStored(room.conversation);
  const failure = useStored(history.failure);
  const [codeOf, setCodeOf] = useState<string | null>(null);
  const row = useRow(conversation.instance);
  const isEmpty = conversation.turns.length === 0;
  useStopKey(room);
  const composer = useRef<HTMLTextAreaElement>(null);
  // On a touch screen it would open the keyboard.
  const toComposer = useCallback(() => {
    if (!matchMedia(COARSE).matches) composer.current?.focus();
  }, []);
  return (
    <div className="flex min-w-0 grow flex-col">
      {failure !== null && <p className="px-6 py-1 text-bad">{words.historyFailed(failure)}</p>}
      {isEmpty ? (
        <div className="flex min-h-0 grow flex-col justify-center overflow-y-auto">
          <EmptyState icon="playground" title={words.begin(conversation.instance)}>
            {words.beginHint}
          </EmptyState>
        </div>
      ) : (
        <MessageList key={conversation.id} room={room} onCode={setCodeOf} onAsked={toComposer} />
      )}
      {row === undefined || isAble(row, 'chat') ? (
        <Composer room={room} hasVision={row !== undefined && isAble(row, 'vision')} fieldRef={composer} />
      ) : (
        <p className="mx-auto w-full max-w-3xl shrink-0 px-4 pb-4 text-mute wide:px-6">
          {words.cannotChat(conversation.instance)}
        </p>
      )}
      {codeOf !== null && <CodeDialog conversation={conversation} turn={codeOf} onClose={() => setCodeOf(null)} />}
    </div>
  );
}

/** Escape stops the answer, unless a dialog or menu takes it. */
function useStopKey(room: ChatRoom): void {
  const words = useWords(playgroundWords);
  useShortcuts(words.title, [
    { keys: 'Enter', label: words.sendKey, run: null },
    { keys: 'shift+Enter', label: words.lineKey, run: null },
    { keys: 'Escape', label: words.stopKey, run: null },
  ]);
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape' || event.defaultPrevented || room.answering.get() === null) return;
      if (document.querySelector('dialog[open], [role="menu"]') !== null) return;
      event.preventDefault();
      room.stop();
    };
    document.addEventListener('keydown', pressed);
    return () => document.removeEventListener('keydown', pressed);
  }, [room]);
}
