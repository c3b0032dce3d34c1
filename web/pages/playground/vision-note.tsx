import { Link } from '@tanstack/react-router';
import { IconButton } from '../../components/icon-button.tsx';
import { Icon } from '../../components/icons.tsx';
import { useWords } from '../../lib/language.ts';
import { useAllRows } from '../../lib/live/live-hooks.ts';
import { useStored } from '../../lib/value-store.ts';
import { partsWords } from '../../words/parts.ts';
import { playgroundWords } from '../../words/playground.ts';
import type { ChatRoom } from './chat-room.ts';

interface VisionNoteProps {
  room: ChatRoom;
  /** Name of the image that was not taken. */
  file: string;
  onClose: () => void;
}

/** Says that the instance cannot see an image, and leads to one that can. */
export function VisionNote({ room, file, onClose }: VisionNoteProps) {
  const words = useWords(playgroundWords);
  const parts = useWords(partsWords);
  const { instance, id, turns } = useStored(room.conversation);
  const seeing = useAllRows()?.find(({ capabilities }) => capabilities.includes('vision'))?.name;
  const link = 'font-strong whitespace-nowrap text-accent hover:underline';
  return (
    <div role="alert" className="flex items-start gap-2 border-b border-line py-1 pr-1 pl-3">
      <Icon name="warning" className="mt-1.5 text-warn" />
      <p className="min-w-0 grow py-1 break-words">
        {words.cannotSee(instance, file)}{' '}
        {seeing === undefined ? (
          <Link to="/models" search={{ tab: 'get', q: 'vision' }} className={link}>
            {words.findVision}
          </Link>
        ) : (
          <Link
            to="/playground"
            search={{ instance: seeing, ...(turns.length === 0 ? {} : { chat: id }) }}
            className={link}
          >
            {words.askOther(seeing)}
          </Link>
        )}
      </p>
      <IconButton icon="cross" label={parts.close} onClick={onClose} />
    </div>
  );
}
