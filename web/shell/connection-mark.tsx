import { StatusShape } from '../components/status.tsx';
import { useConnection } from '../lib/live/live-hooks.ts';
import { useWords } from '../lib/language.ts';
import { shellWords } from '../words/shell.ts';

/** Whether events arrive, in one word. */
export function ConnectionMark() {
  const words = useWords(shellWords);
  const { kind } = useConnection();
  const [shape, text] = (
    { live: ['ok', words.live], connecting: ['busy', words.connecting], lost: ['bad', words.lost] } as const
  )[kind];
  return (
    <p className="flex h-7 items-center gap-2.5 px-2 text-mute">
      <span className="flex w-4 justify-center">
        <StatusShape of={shape} />
      </span>
      {text}
    </p>
  );
}
