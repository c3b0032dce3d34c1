import { useState, type ReactNode } from 'react';
import { Button } from '../components/button.tsx';
import { ConfirmDialog } from '../components/confirm-dialog.tsx';
import { useApp } from '../lib/app.ts';
import { AskContext, canStop, isBusy, type Question } from '../lib/instance-actions.ts';
import { useWords } from '../lib/language.ts';
import type { Row } from '../lib/live/row-store.ts';
import { commandsWords } from '../words/commands.ts';

/** Seconds for requests under way after "Let them finish". */
const FINISH_S = 30;

/** Asks before a command ends requests or deletes something. Stands once around all pages. */
export function InstanceQuestions({ children }: { children: ReactNode }) {
  const [question, setQuestion] = useState<Question | null>(null);
  const close = (): void => setQuestion(null);
  return (
    <AskContext value={setQuestion}>
      {children}
      {question?.command === 'delete' && <DeleteQuestion names={question.names} onClose={close} />}
      {question !== null && question.command !== 'delete' && (
        <BusyQuestion command={question.command} names={question.names} onClose={close} />
      )}
    </AskContext>
  );
}

interface QuestionProps {
  names: readonly string[];
  onClose: () => void;
}

function useAskedRows(names: readonly string[]): Row[] {
  const { rows } = useApp();
  return names.flatMap((name) => rows.row(name) ?? []);
}

function BusyQuestion({ command, names, onClose }: QuestionProps & { command: 'stop' | 'restart' }) {
  const words = useWords(commandsWords);
  const { commands } = useApp();
  const busy = useAskedRows(names).filter(isBusy);
  const count = busy.reduce((sum, row) => sum + row.in_flight + row.waiting, 0);
  const [only] = names;
  const isOne = names.length === 1 && only !== undefined;
  const run = (action: () => void) => (): void => {
    action();
    onClose();
  };
  return (
    <ConfirmDialog
      title={words.busyTitle(words[command])}
      confirm={isOne ? words.letFinish : words[command]}
      onConfirm={run(() => (isOne ? commands.end(command, only, FINISH_S) : commands[command](...names)))}
      others={
        isOne && (
          <Button kind="danger" onClick={run(() => commands.end(command, only, 0))}>
            {words.now}
          </Button>
        )
      }
      onClose={onClose}
    >
      {words.busyText(count, busy.length === 1 ? (busy[0]?.name ?? '') : words.manyNames(busy.length))}
    </ConfirmDialog>
  );
}

function DeleteQuestion({ names, onClose }: QuestionProps) {
  const words = useWords(commandsWords);
  const { commands } = useApp();
  const running = useAskedRows(names).filter(canStop);
  const isOne = names.length === 1;
  const isRunning = isOne && running.length > 0;
  return (
    <ConfirmDialog
      title={words.deleteTitle(isOne ? (names[0] ?? '') : words.manyNames(names.length))}
      confirm={isRunning ? words.stopAndDelete : words.remove}
      isDanger
      onConfirm={() => {
        commands.delete(names, { stopsFirst: isRunning });
        onClose();
      }}
      onClose={onClose}
    >
      <p>{isOne ? words.deleteText : words.deleteMany(names.length)}</p>
      {isRunning && <p className="mt-2 text-warn">{words.deleteRunning}</p>}
      {!isOne && running.length > 0 && <p className="mt-2 text-warn">{words.deleteRunningMany(running.length)}</p>}
    </ConfirmDialog>
  );
}
