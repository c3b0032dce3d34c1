import { useRouter } from '@tanstack/react-router';
import { Button } from '../components/button.tsx';
import { ConfirmDialog } from '../components/confirm-dialog.tsx';
import { StatusMark } from '../components/status.tsx';
import { useApp } from '../lib/app.ts';
import { canStart } from '../lib/instance-actions.ts';
import { useWords } from '../lib/language.ts';
import type { Row } from '../lib/live/row-store.ts';
import { isPlaceOf } from '../pages/instances/instance-address.ts';
import { commandsWords } from '../words/commands.ts';

interface DeleteQuestionProps {
  rows: readonly Row[];
  onClose: () => void;
}

/** Asks before instances are deleted, names each of them, and says which ones would have to stop. */
export function DeleteQuestion({ rows, onClose }: DeleteQuestionProps) {
  const words = useWords(commandsWords);
  const { commands } = useApp();
  const router = useRouter();
  const [only] = rows;
  if (only === undefined) return null;
  const isOne = rows.length === 1;
  const running = rows.filter((row) => !canStart(row)).map(({ name }) => name);
  const stopped = rows.filter(canStart).map(({ name }) => name);
  const remove = (names: readonly string[], stopFirst: readonly string[]) => (): void => {
    void commands.delete(names, stopFirst).then((gone) => {
      const { pathname } = router.state.location;
      // The page of what is gone has nothing to show.
      if (gone.some((name) => isPlaceOf(name, pathname))) return router.navigate({ to: '/instances', replace: true });
      return undefined;
    });
    onClose();
  };
  const all = rows.map(({ name }) => name);
  const confirm =
    running.length === 0 ? words.remove : isOne ? words.stopAndDelete : words.stopAndDeleteAll(all.length);
  return (
    <ConfirmDialog
      title={words.deleteTitle(isOne ? only.name : words.manyNames(rows.length))}
      confirm={confirm}
      isDanger
      others={
        running.length > 0 &&
        stopped.length > 0 && <Button onClick={remove(stopped, [])}>{words.deleteStopped(stopped.length)}</Button>
      }
      onConfirm={remove(all, running)}
      onClose={onClose}
    >
      {!isOne && <Names rows={rows} />}
      <p>{isOne ? words.deleteText : words.deleteMany(rows.length)}</p>
      {running.length > 0 && (
        <p className="mt-2 text-warn">{isOne ? words.deleteRunning : words.deleteRunningMany(running.length)}</p>
      )}
    </ConfirmDialog>
  );
}

/** Running ones first: they are the ones to look at. */
function Names({ rows }: { rows: readonly Row[] }) {
  const words = useWords(commandsWords);
  const sorted = [...rows.filter((row) => !canStart(row)), ...rows.filter(canStart)];
  return (
    <ul
      aria-label={words.manyNames(rows.length)}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls by keyboard
      tabIndex={0}
      className="mb-3 max-h-60 divide-y divide-line overflow-y-auto rounded-control border border-line"
    >
      {sorted.map(({ name, status }) => (
        <li key={name} className="flex items-center gap-3 px-3 py-1.5">
          <span className="min-w-0 grow truncate font-strong" title={name}>
            {name}
          </span>
          <span className="shrink-0">
            <StatusMark status={status} />
          </span>
        </li>
      ))}
    </ul>
  );
}
