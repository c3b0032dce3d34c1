import { memo, useEffect, useRef, useState, type KeyboardEvent } from 'react';
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
  /** Called after a changed question was sent. */
  onAsked: () => void;
}

/** A question of the user, which can be changed into a new branch. */
export const QuestionView = memo(function QuestionView(props: QuestionViewProps) {
  const { turn, branches, room, isBusy, onAsked } = props;
  const words = useWords(playgroundWords);
  const [isEdited, setEdited] = useState(false);
  const pencil = useRef<HTMLButtonElement>(null);
  const isLeft = useRef(false);
  useEffect(() => {
    if (isLeft.current && !isEdited) pencil.current?.focus();
    isLeft.current = false;
  }, [isEdited]);
  if (isEdited) {
    const cancel = (): void => {
      isLeft.current = true;
      setEdited(false);
    };
    const send = (text: string): void => {
      room.edit(turn.id, text);
      setEdited(false);
      onAsked();
    };
    return <QuestionForm turn={turn} onSend={send} onCancel={cancel} />;
  }
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
        <IconButton ref={pencil} icon="edit" label={words.edit} disabled={isBusy} onClick={() => setEdited(true)} />
      </div>
    </article>
  );
});

interface QuestionFormProps {
  turn: Turn;
  onSend: (text: string) => void;
  onCancel: () => void;
}

function QuestionForm({ turn, onSend, onCancel }: QuestionFormProps) {
  const words = useWords(playgroundWords);
  const parts = useWords(partsWords);
  const [text, setText] = useState(turn.text);
  const send = (): void => {
    if (text.trim() !== '') onSend(text);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') onCancel();
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
        <Button onClick={onCancel}>{parts.cancel}</Button>
        <Button kind="primary" disabled={text.trim() === ''} onClick={send}>
          {words.sendChanged}
        </Button>
      </div>
    </div>
  );
}
