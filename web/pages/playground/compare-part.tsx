import { useEffect, useRef, useState, type KeyboardEvent, type RefObject } from 'react';
import { Button } from '../../components/button.tsx';
import { Drawer } from '../../components/dialog.tsx';
import { TextArea } from '../../components/field.tsx';
import { IconButton } from '../../components/icon-button.tsx';
import { keep, kept } from '../../lib/browser-storage.ts';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { useStored } from '../../lib/value-store.ts';
import { playgroundWords } from '../../words/playground.ts';
import { fits } from './abilities.ts';
import { CutMark, Failure } from './answer-view.tsx';
import { AnswerWait } from './answer-wait.tsx';
import type { ChatDesk } from './chat-desk.ts';
import type { Column, CompareBoard } from './compare-board.ts';
import { FiguresLine } from './figures-line.tsx';
import { InstancePicker } from './instance-picker.tsx';
import { LazyMarkdown } from './lazy-markdown.tsx';
import { ParameterForm } from './parameter-form.tsx';
import { Thoughts } from './thoughts.tsx';

const LEAST = 2;
const MOST = 4;
const KEPT = 'playground-compare';

/** Two to four instances answer one prompt, side by side. */
export function ComparePart({ desk, instance }: { desk: ChatDesk; instance: string }) {
  const words = useWords(playgroundWords);
  const { rows } = useApp();
  const able = (): string[] => rows.all().flatMap((row) => (fits('compare', row) ? [row.name] : []));
  const compared = desk.board(() => firstColumns(kept(KEPT, namesOf) ?? [], instance, able()));
  const prompt = useStored(compared.prompt);
  const columns = useStored(compared.columns);
  const isRunning = useStored(compared.running) > 0;
  const [hasSettings, setHasSettings] = useState(false);
  const board = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const names = columns.map((column) => column.instance);
    keep(KEPT, names);
  }, [columns]);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && isRunning) compared.stop();
    else if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) compared.send();
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
          value={prompt.text}
          onChange={({ target }) => compared.write({ text: target.value })}
          onKeyDown={onKeyDown}
          className="grow [&_textarea]:max-h-40"
        />
        <span className="flex flex-wrap gap-2">
          <IconButton icon="settings" label={words.compareSettings} onClick={() => setHasSettings(true)} />
          {columns.length < MOST && (
            <Button
              icon="plus"
              disabled={isRunning}
              onClick={() => compared.add(nextName(columns, able()) ?? instance)}
            >
              {words.addColumn}
            </Button>
          )}
          {isRunning ? (
            <Button icon="stop" keyHint="Esc" onClick={() => compared.stop()}>
              {words.stop}
            </Button>
          ) : (
            <Button
              kind="primary"
              icon="send"
              keyHint="⏎"
              disabled={prompt.text.trim() === ''}
              onClick={() => compared.send()}
            >
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
            onChoose={(name) => compared.change(column.id, name)}
            onRemove={() => compared.remove(column.id)}
            onRetry={() => compared.retry(column)}
          />
        ))}
      </div>
      {hasSettings && <CompareSettings board={compared} onClose={() => setHasSettings(false)} />}
    </div>
  );
}

/** The system prompt and the parameters of the next answers, the same for all columns. */
function CompareSettings({ board, onClose }: { board: CompareBoard; onClose: () => void }) {
  const words = useWords(playgroundWords);
  const { system, parameters } = useStored(board.prompt);
  return (
    <Drawer title={words.compareSettings} onClose={onClose} width={360}>
      <div className="flex flex-col gap-5">
        <TextArea
          label={words.system}
          placeholder={words.systemPlaceholder}
          rows={4}
          value={system}
          className="[&_textarea]:max-h-80"
          onChange={({ target }) => board.write({ system: target.value })}
        />
        <ParameterForm parameters={parameters} onChange={(next) => board.write({ parameters: next })} />
      </div>
    </Drawer>
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
        {answer !== null && answer.limit !== null && <CutMark limit={answer.limit} />}
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
