import { StatusShape } from '../components/status.tsx';
import { useApp } from '../lib/app.ts';
import { useConnection } from '../lib/live/live-hooks.ts';
import { useWords } from '../lib/language.ts';
import { useStored } from '../lib/value-store.ts';
import { shellWords } from '../words/shell.ts';

/** Whether events arrive, in one word. */
export function ConnectionMark() {
  const words = useWords(shellWords);
  const { kind } = useConnection();
  const state = useStored(useApp().logIn.state);
  // The connection of a log-in that has ended may still be open.
  const isEnded = state.kind === 'in' && state.isExpired;
  const marks = {
    live: ['ok', words.live],
    connecting: ['busy', words.connecting],
    lost: ['bad', words.lost],
    ended: ['off', words.loggedOut],
  } as const;
  const [shape, text] = marks[isEnded ? 'ended' : kind];
  return (
    <p className="flex h-7 items-center gap-2.5 px-2 text-mute">
      <span className="flex w-4 justify-center">
        <StatusShape of={shape} />
      </span>
      {text}
    </p>
  );
}
