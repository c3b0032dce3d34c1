import {
  useEffect,
  useRef,
  useState,
  type ClipboardEvent,
  type DragEvent,
  type KeyboardEvent,
  type RefObject,
} from 'react';
import { Button } from '../../components/button.tsx';
import { IconButton } from '../../components/icon-button.tsx';
import { Icon } from '../../components/icons.tsx';
import { showToast } from '../../components/toast.tsx';
import { useWords } from '../../lib/language.ts';
import { useIsOnline } from '../../lib/live/live-hooks.ts';
import { COARSE } from '../../lib/media.ts';
import { useStored } from '../../lib/value-store.ts';
import { playgroundWords } from '../../words/playground.ts';
import { chatFile } from './chat-files.ts';
import type { ChatRoom } from './chat-room.ts';
import type { ChatFile } from './conversation.ts';
import { VisionNote } from './vision-note.tsx';

interface ComposerProps {
  room: ChatRoom;
  hasVision: boolean;
  fieldRef: RefObject<HTMLTextAreaElement | null>;
}

/** The field for the next question. Its text is its own, so that typing renders nothing else. */
export function Composer({ room, hasVision, fieldRef: field }: ComposerProps) {
  const words = useWords(playgroundWords);
  const answering = useStored(room.answering);
  const isOnline = useIsOnline();
  const [text, setText] = useState('');
  const [files, setFiles] = useState<readonly ChatFile[]>([]);
  const [blindTo, setBlindTo] = useState<string | null>(null);
  const picker = useRef<HTMLInputElement>(null);
  // On a touch screen it would open the keyboard.
  useEffect(() => {
    if (!matchMedia(COARSE).matches) field.current?.focus();
  }, [room, field]);
  const isEmpty = text.trim() === '' && files.length === 0;

  const send = (): void => {
    if (isEmpty || answering !== null || !isOnline) return;
    room.send(text.trim(), files);
    setText('');
    setFiles([]);
    setBlindTo(null);
  };
  const take = async (given: readonly File[]): Promise<void> => {
    for (const file of given) {
      const read = await chatFile(file, hasVision);
      if (read === 'refused') showToast({ kind: 'error', text: words.fileRefused(file.name) });
      else if (read === 'no vision') setBlindTo(file.name);
      else if (read === 'too large') showToast({ kind: 'error', text: words.fileTooLarge(file.name) });
      else setFiles((before) => [...before.filter(({ name }) => name !== read.name), read]);
    }
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  const onPaste = (event: ClipboardEvent): void => {
    if (event.clipboardData.files.length === 0) return;
    event.preventDefault();
    void take([...event.clipboardData.files]);
  };
  const onDrop = (event: DragEvent): void => {
    event.preventDefault();
    void take([...event.dataTransfer.files]);
  };
  return (
    <div className="shrink-0 px-4 pb-4 wide:px-6">
      <form
        aria-label={words.message}
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
        onDragOver={(event) => event.preventDefault()}
        onDrop={onDrop}
        className="mx-auto flex max-w-3xl flex-col rounded-panel border border-edge bg-canvas focus-within:outline-2 focus-within:outline-offset-1 focus-within:outline-accent"
      >
        {blindTo !== null && !hasVision && <VisionNote room={room} file={blindTo} onClose={() => setBlindTo(null)} />}
        {files.length > 0 && (
          <ul className="flex flex-wrap gap-2 px-3 pt-3">
            {files.map((file) => (
              <FileChip
                key={file.name}
                file={file}
                onRemove={() => setFiles((before) => before.filter(({ name }) => name !== file.name))}
              />
            ))}
          </ul>
        )}
        <textarea
          ref={field}
          aria-label={words.message}
          placeholder={words.messagePlaceholder}
          rows={1}
          value={text}
          onChange={({ target }) => setText(target.value)}
          onKeyDown={onKeyDown}
          onPaste={onPaste}
          dir="auto"
          className="field-sizing-content max-h-60 min-h-11 w-full resize-none bg-transparent px-3 pt-3 pb-1 text-form outline-none placeholder:text-mute"
        />
        <div className="flex items-center gap-2 p-2 pt-1">
          <input
            ref={picker}
            type="file"
            multiple
            tabIndex={-1}
            aria-hidden="true"
            className="hidden"
            onChange={({ target }) => {
              void take([...(target.files ?? [])]);
              target.value = '';
            }}
          />
          <IconButton
            icon={hasVision ? 'image' : 'file'}
            label={hasVision ? words.attach : words.attachText}
            onClick={() => picker.current?.click()}
          />
          <span role="status" className="min-w-0 grow text-mute">
            {!isOnline && !isEmpty && words.sendWaits}
          </span>
          {answering === null ? (
            <Button type="submit" kind="primary" icon="send" keyHint="⏎" disabled={isEmpty || !isOnline}>
              {words.send}
            </Button>
          ) : (
            <Button icon="stop" keyHint="Esc" onClick={() => room.stop()}>
              {words.stop}
            </Button>
          )}
        </div>
      </form>
    </div>
  );
}

function FileChip({ file: { kind, name, content }, onRemove }: { file: ChatFile; onRemove: () => void }) {
  const words = useWords(playgroundWords);
  return (
    <li className="flex max-w-60 items-center gap-2 rounded-control border border-line bg-panel py-0.5 pr-0.5 pl-2">
      {kind === 'image' ? (
        <img src={content} alt="" className="size-6 rounded-[3px] object-cover" />
      ) : (
        <Icon name="file" className="text-mute" />
      )}
      <span className="min-w-0 truncate">{name}</span>
      <IconButton icon="cross" label={words.removeFile(name)} onClick={onRemove} />
    </li>
  );
}
