import { useLocation } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useState, type ReactNode } from 'react';
import { Button } from '../components/button.tsx';
import { ConfirmDialog } from '../components/confirm-dialog.tsx';
import { laterPart } from '../components/later-part.tsx';
import { useApp } from '../lib/app.ts';
import { AskContext, isBusy, type Question } from '../lib/instance-actions.ts';
import { useWords } from '../lib/language.ts';
import { useAllRows } from '../lib/live/live-hooks.ts';
import type { Row } from '../lib/live/row-store.ts';
import { commandsWords } from '../words/commands.ts';
import { onDemandText } from './command-messages.ts';
import { DeleteQuestion } from './delete-question.tsx';

// Most visits end no request. Without the list, the question still has its buttons.
const BusyList = lazy(
  laterPart(
    async () => (await import('../pages/requests/busy-list.tsx')).default,
    () => null,
  ),
);

/** Seconds for requests under way after "Let them finish". */
const FINISH_S = 30;

/** Asks before a command ends requests or deletes something. Stands once around all pages. */
export function InstanceQuestions({ children }: { children: ReactNode }) {
  const [question, setQuestion] = useState<Question | null>(null);
  const close = (): void => setQuestion(null);
  const place = useLocation({ select: ({ pathname }) => pathname });
  useEffect(() => setQuestion(null), [place]);
  return (
    <AskContext value={setQuestion}>
      {children}
      {question?.command === 'delete' && <DeletedRows names={question.names} onClose={close} />}
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
  const all = useAllRows() ?? [];
  const asked = new Set(names);
  return all.filter(({ name }) => asked.has(name));
}

function DeletedRows({ names, onClose }: QuestionProps) {
  return <DeleteQuestion rows={useAskedRows(names)} onClose={onClose} />;
}

function BusyQuestion({ command, names, onClose }: QuestionProps & { command: 'stop' | 'restart' }) {
  const words = useWords(commandsWords);
  const { commands } = useApp();
  const rows = useAskedRows(names);
  const busy = rows.filter(isBusy);
  const again = command === 'stop' ? onDemandText(rows, words) : null;
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
      <p>{words.busyText(count, busy.length === 1 ? (busy[0]?.name ?? '') : words.manyNames(busy.length))}</p>
      <Suspense>
        <BusyList names={busy.map(({ name }) => name)} />
      </Suspense>
      {again !== null && <p className="mt-2 text-mute">{again}</p>}
    </ConfirmDialog>
  );
}
