import { memo, useState, type KeyboardEvent } from 'react';
import { Button } from '../../components/button.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { TextArea } from '../../components/field.tsx';
import { IconButton } from '../../components/icon-button.tsx';
import { Icon } from '../../components/icons.tsx';
import { useWords } from '../../lib/language.ts';
import { partsWords } from '../../words/parts.ts';
import { playgroundWords } from '../../words/playground.ts';
import { BranchSwitch } from './branch-switch.tsx';
import type { ChatRoom } from './chat-room.ts';
import type { Turn } from './conversation.ts';

interface QuestionViewProps {
  turn: Turn;
  /** Ids of all branches here, joined by a space: a text stays the same between renders. */
  branches: string;
  room: ChatRoom;
  isBusy: boolean;
}

/** A question of the user, which can be changed into a new branch. */
export const QuestionView = memo(function QuestionView({ turn, branches, room, isBusy }: QuestionViewProps) {
  const words = useWords(playgroundWords);
  const [isEdited, setEdited] = useState(false);
  if (isEdited) return <QuestionForm turn={turn} room={room} onClose={() => setEdited(false)} />;
  return (
    <article aria-label={words.you} className="group flex flex-col items-end gap-1">
      <div className="flex max-w-[85%] min-w-0 flex-col gap-2 rounded-panel bg-hover px-3 py-2">
        {turn.files.map(({ kind, name, content }) =>
          kind === 'image' ? (
            <img key={name} src={content} alt={name} className="max-h-64 max-w-full rounded-control object-contain" />
          ) : (
            <span key={name} className="flex items-center gap-1.5 text-mute">
              <Icon name="file" />
              <span className="truncate">{name}</span>
            </span>
          ),
        )}
        {turn.text !== '' && (
          <p dir="auto" className="text-form whitespace-pre-wrap [overflow-wrap:anywhere]">
            {turn.text}
          </p>
        )}
      </div>
      <div className="flex items-center">
        <BranchSwitch branches={branches} id={turn.id} isBusy={isBusy} onChoose={(id) => room.choose(id)} />
        <CopyButton text={turn.text} label={words.copyText} />
        <IconButton icon="edit" label={words.edit} disabled={isBusy} onClick={() => setEdited(true)} />
      </div>
    </article>
  );
});

function QuestionForm({ turn, room, onClose }: { turn: Turn; room: ChatRoom; onClose: () => void }) {
  const words = useWords(playgroundWords);
  const parts = useWords(partsWords);
  const [text, setText] = useState(turn.text);
  const send = (): void => {
    if (text.trim() === '') return;
    room.edit(turn.id, text);
    onClose();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') onClose();
    else if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) send();
    else return;
    event.preventDefault();
  };
  return (
    <div className="flex flex-col gap-2">
      <TextArea
        label={words.editLabel}
        isLabelHidden
        // oxlint-disable-next-line jsx-a11y/no-autofocus -- the user asked for this field
        autoFocus
        value={text}
        onChange={({ target }) => setText(target.value)}
        onKeyDown={onKeyDown}
      />
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>{parts.cancel}</Button>
        <Button kind="primary" disabled={text.trim() === ''} onClick={send}>
          {words.sendChanged}
        </Button>
      </div>
    </div>
  );
}
