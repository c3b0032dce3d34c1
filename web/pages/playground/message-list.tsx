import { useEffect, useMemo, useRef, useState } from 'react';
import { IconButton } from '../../components/icon-button.tsx';
import { useWords } from '../../lib/language.ts';
import { useStored } from '../../lib/value-store.ts';
import { playgroundWords } from '../../words/playground.ts';
import { AnswerView, LiveAnswerView } from './answer-view.tsx';
import type { ChatRoom } from './chat-room.ts';
import { shownTurns } from './conversation.ts';
import { QuestionView } from './question-view.tsx';

/** Pixels from the end within which new text keeps the end in sight. */
const NEAR_END = 48;

interface MessageListProps {
  room: ChatRoom;
  onCode: (id: string) => void;
  /** Called after a changed question was sent. */
  onAsked: () => void;
}

/** The messages of the shown branches. It follows the end unless the reader has scrolled up. */
export function MessageList({ room, onCode, onAsked }: MessageListProps) {
  const words = useWords(playgroundWords);
  const conversation = useStored(room.conversation);
  const answering = useStored(room.answering);
  const shown = useMemo(() => shownTurns(conversation), [conversation]);
  const { scroller, content, isAtEnd, toEnd } = useFollowedEnd(shown.at(-1)?.turn.id);
  const isBusy = answering !== null;
  return (
    <div className="relative min-h-0 grow">
      <section
        ref={scroller}
        aria-label={words.conversation}
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls by keyboard
        tabIndex={0}
        className="h-full overflow-y-auto px-4 -outline-offset-2 wide:px-6"
      >
        <div ref={content} className="mx-auto flex max-w-3xl flex-col gap-6 pt-2 pb-6">
          {shown.map(({ turn, branches }, at) => {
            const joined = branches.join(' ');
            // The browser lays out only messages near the window.
            const part = '[content-visibility:auto] [contain-intrinsic-size:auto_120px]';
            return (
              <div key={turn.id} className={turn.id === answering ? '' : part}>
                {turn.role === 'user' ? (
                  <QuestionView turn={turn} branches={joined} room={room} isBusy={isBusy} onAsked={onAsked} />
                ) : turn.id === answering ? (
                  <LiveAnswerView turn={turn} room={room} />
                ) : (
                  <AnswerView {...{ turn, room, isBusy, onCode }} branches={joined} isLast={at === shown.length - 1} />
                )}
              </div>
            );
          })}
        </div>
      </section>
      {!isAtEnd && (
        <IconButton
          icon="chevron-down"
          label={words.toEnd}
          onClick={toEnd}
          className="absolute right-6 bottom-2 border border-line bg-raised shadow-float"
        />
      )}
    </div>
  );
}

/** Keeps the end of a list in sight while it grows. A new last message always comes into sight. */
function useFollowedEnd(last: string | undefined) {
  const scroller = useRef<HTMLElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const [isAtEnd, setAtEnd] = useState(true);
  const toEnd = (): void => {
    follows.current = true;
    const box = scroller.current;
    if (box !== null) box.scrollTop = box.scrollHeight;
  };
  useEffect(() => {
    const [box, inner] = [scroller.current, content.current];
    if (box === null || inner === null) return undefined;
    const grown = new ResizeObserver(() => {
      if (follows.current) box.scrollTop = box.scrollHeight;
    });
    grown.observe(inner);
    grown.observe(box);
    let top = box.scrollTop;
    const scrolled = (): void => {
      const isNear = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END;
      // Text above may become taller when it comes near; only a scroll up ends the following.
      if (isNear) follows.current = true;
      else if (box.scrollTop < top) follows.current = false;
      top = box.scrollTop;
      setAtEnd(isNear || follows.current);
    };
    box.addEventListener('scroll', scrolled, { passive: true });
    return () => {
      grown.disconnect();
      box.removeEventListener('scroll', scrolled);
    };
  }, []);
  useEffect(toEnd, [last]);
  return { scroller, content, isAtEnd, toEnd };
}
