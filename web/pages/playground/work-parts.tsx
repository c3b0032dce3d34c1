import type { ReactNode } from 'react';
import { requestSeconds } from '../../lib/figures.ts';
import { Button } from '../../components/button.tsx';
import { Panel } from '../../components/panel.tsx';
import { useWords } from '../../lib/language.ts';
import { useObjectUrl } from '../../lib/object-url.ts';
import { playgroundWords } from '../../words/playground.ts';
import { Failure } from './answer-view.tsx';
import { AnswerWait } from './answer-wait.tsx';
import type { Work } from './use-work.ts';

interface WorkButtonProps {
  work: Pick<Work<never, unknown>, 'isRunning' | 'stop'>;
  disabled: boolean;
  children: ReactNode;
}

/** Sends a form, or stops the request that it has sent. */
export function WorkButton({ work: { isRunning, stop }, disabled, children }: WorkButtonProps) {
  const words = useWords(playgroundWords);
  return (
    <div>
      {isRunning ? (
        <Button icon="stop" onClick={stop}>
          {words.stop}
        </Button>
      ) : (
        <Button type="submit" kind="primary" disabled={disabled}>
          {children}
        </Button>
      )}
    </div>
  );
}

interface WorkResultProps<Result> {
  work: Work<never, Result>;
  instance: string;
  title: string;
  /** Buttons of the result. */
  actions: (value: Result) => ReactNode;
  children: (value: Result) => ReactNode;
}

/** The state of a request: why it waits, why it failed, or its result. */
export function WorkResult<Result>({ work, instance, title, actions, children }: WorkResultProps<Result>) {
  const { isRunning, error, result, retry } = work;
  if (isRunning) return <AnswerWait instance={instance} />;
  if (error !== null) return <Failure error={error} instance={instance} isBusy={false} onRetry={retry} />;
  if (result === null) return null;
  return (
    <Panel
      title={title}
      actions={
        <>
          <span className="figures pr-2 text-mute">{requestSeconds(result.seconds)}</span>
          {actions(result.value)}
        </>
      }
    >
      {children(result.value)}
    </Panel>
  );
}

/** Plays sound. */
export function Player({ sound, label }: { sound: Blob; label: string }) {
  const url = useObjectUrl(sound);
  if (url === null) return <div className="h-10" />;
  // oxlint-disable-next-line jsx-a11y/media-has-caption -- its text stands beside it
  return <audio controls src={url} aria-label={label} className="h-10 w-full max-w-md" />;
}
