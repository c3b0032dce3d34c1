import type { Problem } from '@llamactl/client';
import { Button } from '../../components/button.tsx';
import { ErrorSentence } from '../../components/server-sentence.tsx';
import { StatusShape } from '../../components/status.tsx';
import { useWords } from '../../lib/language.ts';
import { canStart } from '../../lib/instance-actions.ts';
import { useIsOnline, useRow } from '../../lib/live/live-hooks.ts';
import { useShortcuts } from '../../lib/shortcuts.ts';
import { newWords } from '../../words/new.ts';
import type { Preview } from './use-preview.ts';
import type { AfterSave } from './use-save.ts';

export interface SaveButtonsProps {
  /** The instance; `null`: a new one. */
  name: string | null;
  preview: Preview;
  problems: readonly Problem[];
  /** Why the last try to save failed. */
  error: unknown;
  isPending: boolean;
  canSave: boolean;
  onSave: (after: AfterSave) => void;
}

/** Save, and what the engine does then. */
export function SaveButtons({ name, preview, problems, error, isPending, canSave, onSave }: SaveButtonsProps) {
  const words = useWords(newWords);
  const isOnline = useIsOnline();
  const row = useRow(name ?? '');
  const isRunning = row !== undefined && !canStart(row);
  const requests = row === undefined ? 0 : row.in_flight + row.waiting;
  const cannot = !canSave || !isOnline || (problems.length > 0 && !preview.isChecking);
  const then = isRunning ? 'restart' : 'start';
  const needsRestart = isRunning && preview.preview?.restart_required === true;
  // Changes that count at once need no restart. The buttons keep their places, because the answer comes while a hand moves.
  const isSaveFirst = isRunning && preview.preview?.restart_required === false;
  const thenLabel = then === 'restart' ? words.saveAndRestart : words.saveAndStart;
  const byKey = (after: AfterSave) => (): void => {
    if (!cannot && !isPending) onSave(after);
  };
  useShortcuts(words.keysPlace, [
    { keys: 'mod+s', label: words.save, isGlobal: true, run: byKey('nothing') },
    { keys: 'mod+Enter', label: words.save, isGlobal: true, isUnlisted: true, run: byKey('nothing') },
    { keys: 'mod+shift+Enter', label: thenLabel, isGlobal: true, run: byKey(then) },
  ]);
  return (
    <div className="flex flex-col gap-2">
      {error !== null && (
        <p role="alert" className="break-words text-bad">
          <ErrorSentence error={error} />
        </p>
      )}
      {needsRestart && (
        <p className="flex items-start gap-1.5">
          <span className="flex h-5 items-center">
            <StatusShape of={requests > 0 ? 'warn' : 'off'} />
          </span>
          <span className="min-w-0">{requests > 0 ? words.wouldCut(requests) : words.needsRestart}</span>
        </p>
      )}
      {!isOnline && <p className="text-mute">{words.saveWaits}</p>}
      <div className="flex gap-2">
        <Button
          className="grow"
          kind={isSaveFirst ? 'primary' : 'normal'}
          disabled={cannot}
          isPending={isPending}
          data-tip={needsRestart ? words.atNextStart : undefined}
          onClick={() => onSave('nothing')}
        >
          {words.save}
        </Button>
        <Button
          className="grow"
          kind={isSaveFirst ? 'normal' : 'primary'}
          disabled={cannot}
          isPending={isPending}
          onClick={() => onSave(then)}
        >
          {thenLabel}
        </Button>
      </div>
    </div>
  );
}
