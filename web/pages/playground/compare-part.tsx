import { useEffect, useRef, useState, type KeyboardEvent, type RefObject } from 'react';
import { Button } from '../../components/button.tsx';
import { TextArea } from '../../components/field.tsx';
import { IconButton } from '../../components/icon-button.tsx';
import { keep, kept } from '../../lib/browser-storage.ts';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { useStored, ValueStore } from '../../lib/value-store.ts';
import { playgroundWords } from '../../words/playground.ts';
import { fits } from './abilities.ts';
import { CutMark, Failure } from './answer-view.tsx';
import { AnswerWait } from './answer-wait.tsx';
import { FiguresLine } from './figures-line.tsx';
import { InstancePicker } from './instance-picker.tsx';
import { LazyMarkdown } from './lazy-markdown.tsx';
import { OneAnswer } from './one-answer.ts';
import { Thoughts } from './thoughts.tsx';
import { nextFrame, useReader } from './use-answers.ts';

const LEAST = 2;
const MOST = 4;
const KEPT = 'playground-compare';

/** One column: an instance and its answer. */
interface Column {
  id: number;
  instance: string;
  run: OneAnswer;
}

/** Two to four instances answer one prompt, side by side. */
export function ComparePart({ instance }: { instance: string }) {
  const words = useWords(playgroundWords);
  const { columns, change, add, remove } = useColumns(instance);
  const [prompt, setPrompt] = useState('');
  const [asked, setAsked] = useState('');
  const [running] = useState(() => new ValueStore(0));
  const isRunning = useStored(running) > 0;
  const board = useRef<HTMLDivElement>(null);

  const ask = async ({ instance: model, run }: Column, text: string): Promise<void> => {
    running.set(running.get() + 1);
    const stream = { stream: true, stream_options: { include_usage: true } };
    await run.ask({ model, messages: [{ role: 'user', content: text }], ...stream });
    running.set(running.get() - 1);
  };
  const send = (): void => {
    const text = prompt.trim();
    if (text === '' || isRunning) return;
    setAsked(text);
    for (const column of columns) void ask(column, text);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && isRunning) for (const { run } of columns) run.stop();
    else if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) send();
    else return;
    event.preventDefault();
  };
  return (
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions -- Escape stops from anywhere in this part
    <div onKeyDown={(event) => event.key === 'Escape' && onKeyDown(event)} className="flex min-h-0 grow flex-col">
      <div className="flex flex-col gap-2 px-4 py-3 wide:flex-row wide:items-end wide:px-6">
        <TextArea
          label={words.comparePrompt}
          rows={2}
          value={prompt}
          onChange={({ target }) => setPrompt(target.value)}
          onKeyDown={onKeyDown}
          className="grow [&_textarea]:max-h-40"
        />
        <span className="flex flex-wrap gap-2">
          {columns.length < MOST && (
            <Button icon="plus" disabled={isRunning} onClick={add}>
              {words.addColumn}
            </Button>
          )}
          {isRunning ? (
            <Button icon="stop" keyHint="Esc" onClick={() => columns.forEach(({ run }) => run.stop())}>
              {words.stop}
            </Button>
          ) : (
            <Button kind="primary" icon="send" keyHint="⏎" disabled={prompt.trim() === ''} onClick={send}>
              {words.run}
            </Button>
          )}
        </span>
      </div>
      <div
        ref={board}
        className="flex min-h-0 grow flex-col overflow-y-auto border-t border-line wide:flex-row wide:overflow-hidden"
      >
        {columns.map((column, at) => (
          <ColumnView
            key={column.id}
            column={column}
            at={at + 1}
            board={board}
            canRemove={columns.length > LEAST && !isRunning}
            isBusy={isRunning}
            onChoose={(name) => change(column.id, name)}
            onRemove={() => remove(column.id)}
            onRetry={() => void ask(column, asked)}
          />
        ))}
      </div>
    </div>
  );
}

interface ColumnViewProps {
  column: Column;
  /** Counted from 1. */
  at: number;
  board: RefObject<HTMLDivElement | null>;
  canRemove: boolean;
  isBusy: boolean;
  onChoose: (name: string) => void;
  onRemove: () => void;
  onRetry: () => void;
}

function ColumnView({ column, at, board, canRemove, isBusy, onChoose, onRemove, onRetry }: ColumnViewProps) {
  const words = useWords(playgroundWords);
  const { instance, run } = column;
  const answer = useStored(run.answer);
  return (
    <section
      aria-label={words.column(at)}
      className="flex min-w-0 grow basis-0 flex-col border-b border-line last:border-0 wide:border-r wide:border-b-0"
    >
      <div className="flex items-center gap-1 border-b border-line bg-panel px-3 py-2">
        <InstancePicker part="compare" label={words.column(at)} value={instance} onChoose={onChoose} className="grow" />
        {canRemove && <IconButton icon="cross" label={words.removeColumn(instance)} onClick={onRemove} />}
      </div>
      <div
        data-synced
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls by keyboard
        tabIndex={0}
        role="group"
        aria-label={instance}
        onScroll={({ currentTarget }) => syncScroll(board.current, currentTarget)}
        className="flex min-h-24 grow flex-col gap-3 px-4 py-3 -outline-offset-2 wide:min-h-0 wide:overflow-y-auto"
      >
        {answer === null && <p className="text-mute">{words.notRun}</p>}
        {answer !== null && (
          <>
            {answer.reasoning !== '' && (
              <Thoughts text={answer.reasoning} isGoing={answer.state === 'streaming' && answer.text === ''} />
            )}
            {answer.text !== '' && <LazyMarkdown text={answer.text} />}
            {answer.state === 'streaming' && answer.text + answer.reasoning === '' && (
              <AnswerWait instance={instance} />
            )}
            {answer.error !== null && (
              <Failure error={answer.error} hasText={answer.text !== ''} {...{ instance, isBusy, onRetry }} />
            )}
          </>
        )}
      </div>
      <div className="flex min-h-14 flex-wrap items-center gap-x-3 border-t border-line px-4 py-2">
        {answer?.state === 'stopped' && <span className="text-mute">{words.stopped}</span>}
        {answer?.isCut === true && <CutMark limit="instance" />}
        {answer !== null && answer.figures !== null && <FiguresLine figures={answer.figures} />}
      </div>
    </section>
  );
}

/** Keeps all columns at the same share of their height. */
function syncScroll(board: HTMLElement | null, moved: HTMLElement): void {
  const range = moved.scrollHeight - moved.clientHeight;
  const share = range > 0 ? moved.scrollTop / range : 0;
  for (const other of board?.querySelectorAll<HTMLElement>('[data-synced]') ?? []) {
    const target = Math.round(share * (other.scrollHeight - other.clientHeight));
    // The scroll of the other comes back here, and then changes nothing.
    if (other !== moved && Math.abs(other.scrollTop - target) > 1) other.scrollTop = target;
  }
}

function useColumns(instance: string) {
  const { rows } = useApp();
  const read = useReader();
  const nextId = useRef(0);
  const columnOf = (name: string): Column => {
    nextId.current += 1;
    return { id: nextId.current, instance: name, run: new OneAnswer({ read, nextFrame }) };
  };
  const able = (): string[] =>
    rows
      .all()
      .filter((row) => fits('compare', row))
      .map(({ name }) => name);
  const [columns, setColumns] = useState<readonly Column[]>(() =>
    firstColumns(kept(KEPT, namesOf) ?? [], instance, able()).map(columnOf),
  );
  useEffect(
    () =>
      keep(
        KEPT,
        columns.map((column) => column.instance),
      ),
    [columns],
  );
  const last = useRef(columns);
  last.current = columns;
  useEffect(() => () => last.current.forEach(({ run }) => run.stop()), []);
  return {
    columns,
    change: (id: number, name: string) =>
      setColumns(columns.map((column) => (column.id === id ? { ...column, instance: name } : column))),
    add: () => setColumns([...columns, columnOf(nextName(columns, able()) ?? instance)]),
    remove: (id: number) => setColumns(columns.filter((column) => column.id !== id)),
  };
}

function nextName(columns: readonly Column[], able: readonly string[]): string | undefined {
  return able.find((name) => !columns.some((column) => column.instance === name));
}

/** The columns of the last visit, as far as their instances are there; else the open instance and the next one. */
function firstColumns(last: readonly string[], instance: string, able: readonly string[]): readonly string[] {
  const known = last.filter((name) => able.includes(name)).slice(0, MOST);
  if (known.length >= LEAST) return known;
  return [instance, able.find((name) => name !== instance) ?? instance];
}

function namesOf(value: unknown): string[] | undefined {
  return Array.isArray(value) && value.every((each) => typeof each === 'string') ? value : undefined;
}
