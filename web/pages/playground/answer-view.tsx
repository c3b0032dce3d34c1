import { memo } from 'react';
import { Button } from '../../components/button.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { IconButton } from '../../components/icon-button.tsx';
import { Icon } from '../../components/icons.tsx';
import { StatusShape } from '../../components/status.tsx';
import { useApp, useMay } from '../../lib/app.ts';
import { canStart } from '../../lib/instance-actions.ts';
import { useWords } from '../../lib/language.ts';
import { usePending, useRow } from '../../lib/live/live-hooks.ts';
import { useStored } from '../../lib/value-store.ts';
import { partsWords } from '../../words/parts.ts';
import { playgroundWords } from '../../words/playground.ts';
import { AnswerWait } from './answer-wait.tsx';
import { BranchSwitch } from './branch-switch.tsx';
import type { ChatRoom } from './chat-room.ts';
import type { AnswerLimit, Turn, TurnError } from './conversation.ts';
import { FiguresLine } from './figures-line.tsx';
import { LazyMarkdown } from './lazy-markdown.tsx';
import { Thoughts } from './thoughts.tsx';

interface AnswerViewProps {
  turn: Turn;
  /** Ids of all branches here, joined by a space: a text stays the same between renders. */
  branches: string;
  room: ChatRoom;
  isBusy: boolean;
  /** Whether it is the last message, which the reader sees first. */
  isLast: boolean;
  /** Shows the request of this answer as code. */
  onCode: (id: string) => void;
}

/** An answer that has ended. */
export const AnswerView = memo(function AnswerView(props: AnswerViewProps) {
  const { turn, branches, room, isBusy, isLast, onCode } = props;
  const words = useWords(playgroundWords);
  const { id, text, reasoning, figures, state, error, instance, limit = null } = turn;
  // An answer that comes to another tab. When that tab is gone, the desk ends it.
  const isElsewhere = state === 'streaming';
  // An instance adds only to the last message, and to thoughts not at all.
  const canContinue = isLast && !isElsewhere && text !== '' && (state !== 'done' || limit !== null);
  return (
    <article aria-label={instance ?? ''} className="flex flex-col gap-2">
      <AnswerHead instance={instance} />
      {reasoning !== '' && <Thoughts text={reasoning} isGoing={false} />}
      {text !== '' && <LazyMarkdown text={text} canWait={!isLast} />}
      {error !== null && (
        <Failure
          error={error}
          hasText={text !== ''}
          instance={instance ?? ''}
          onRetry={() => room.regenerate(id)}
          isBusy={isBusy}
        />
      )}
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <span className="-ml-1.5 flex items-center">
          <BranchSwitch branches={branches} id={id} isBusy={isBusy} onChoose={(other) => room.choose(other)} />
          {text !== '' && <CopyButton text={text} label={words.copyText} />}
          <IconButton icon="refresh" label={words.regenerate} disabled={isBusy} onClick={() => room.regenerate(id)} />
          <IconButton icon="code" label={words.asCode} onClick={() => onCode(id)} />
        </span>
        {isElsewhere && <span className="text-mute">{words.answersElsewhere}</span>}
        {state === 'stopped' && <span className="text-mute">{words.stopped}</span>}
        {limit !== null && <CutMark limit={limit} />}
        {canContinue && (
          <Button size="small" icon="start" disabled={isBusy} onClick={() => room.continue(id)}>
            {words.continue}
          </Button>
        )}
        {figures !== null && <FiguresLine figures={figures} />}
      </div>
    </article>
  );
});

/** The answer that comes now: the only message that renders while it grows. */
export function LiveAnswerView({ turn, room }: { turn: Turn; room: ChatRoom }) {
  const live = useStored(room.live);
  const instance = turn.instance ?? '';
  const { text = '', reasoning = '', figures = null } = live?.turn === turn.id ? live : {};
  return (
    <article aria-label={instance} aria-busy="true" className="flex flex-col gap-2">
      <AnswerHead instance={turn.instance} />
      {reasoning !== '' && <Thoughts text={reasoning} isGoing={text === ''} />}
      {text !== '' && <LazyMarkdown text={text} />}
      {text === '' && reasoning === '' && <AnswerWait instance={instance} />}
      <div className="flex min-h-7 items-center">{figures !== null && <FiguresLine figures={figures} />}</div>
    </article>
  );
}

function AnswerHead({ instance }: { instance: string | null }) {
  return <p className="truncate text-mute">{instance}</p>;
}

/** Says that a limit cut an answer, and which one. */
export function CutMark({ limit }: { limit: AnswerLimit }) {
  const words = useWords(playgroundWords);
  return (
    <span className="inline-flex items-center gap-1.5 text-warn">
      <StatusShape of="warn" />
      {words.cutBy[limit]}
    </span>
  );
}

interface FailureProps {
  error: TurnError;
  /** Whether a part of the answer has come. */
  hasText?: boolean;
  instance: string;
  isBusy: boolean;
  onRetry: () => void;
}

/** Why an answer failed, and ways on. */
export function Failure({ error, hasText = false, instance, isBusy, onRetry }: FailureProps) {
  const words = useWords(playgroundWords);
  const parts = useWords(partsWords);
  const { commands } = useApp();
  const row = useRow(instance);
  const pending = usePending(instance);
  const sentence =
    error.brokeOff !== undefined
      ? words.brokeOff[error.brokeOff]
      : error.isLost !== true
        ? error.sentence
        : hasText
          ? words.connectionBroke
          : parts.noConnection;
  const mayStart = useMay('operator') && row !== undefined && canStart(row);
  return (
    <div role="alert" className="flex flex-col gap-2 rounded-panel border border-line bg-bad-soft p-3">
      <p className="flex items-start gap-2">
        <Icon name="warning" className="mt-0.5 text-bad" />
        <span className="min-w-0 [overflow-wrap:anywhere]">{sentence}</span>
      </p>
      <div className="flex flex-wrap items-center gap-2 pl-6">
        <Button size="small" icon="refresh" disabled={isBusy} onClick={onRetry}>
          {words.tryAgain}
        </Button>
        {mayStart && (
          <Button size="small" icon="start" isPending={pending !== undefined} onClick={() => commands.start(instance)}>
            {words.startInstance(instance)}
          </Button>
        )}
        {error.requestId !== null && (
          <span className="flex min-w-0 items-center text-mute">
            {parts.request}&nbsp;<code className="truncate">{error.requestId}</code>
            <CopyButton text={error.requestId} label={parts.copyRequestId} />
          </span>
        )}
      </div>
    </div>
  );
}
