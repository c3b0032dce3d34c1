import type { FinishedRequest } from '@llamactl/client';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { clockTime } from '../../../format/clock-time.ts';
import { bytes, number, requestSeconds } from '../../lib/figures.ts';
import { Button } from '../../components/button.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { Drawer } from '../../components/dialog.tsx';
import { Facts } from '../../components/panel.tsx';
import { ServerSentence } from '../../components/server-sentence.tsx';
import { useMay } from '../../lib/app.ts';
import { askToEnd } from '../../lib/asked-request.ts';
import { callerId } from '../../lib/caller-text.ts';
import { useWords } from '../../lib/language.ts';
import { useIsOnline } from '../../lib/live/live-hooks.ts';
import { useServerWords } from '../../lib/server-words.ts';
import { requestsWords } from '../../words/requests.ts';
import { CallerName } from './caller-name.tsx';
import { CourseBar, CourseParts } from './course-bar.tsx';
import { isFinished, secondsOf, type SeenRequest } from './course.ts';
import { OutcomeMark } from './request-cells.tsx';

interface RequestDrawerProps {
  request: SeenRequest;
  /** Of the key that the caller is; `null`: none, or unknown. */
  owner: string | null;
  /** Milliseconds since the epoch. */
  now: number;
  onClose: () => void;
}

/** All figures of one request. */
export function RequestDrawer({ request, owner, now, onClose }: RequestDrawerProps) {
  const words = useWords(requestsWords);
  const mayEnd = useMay('operator');
  const isOnline = useIsOnline();
  const { instance, caller } = request;
  return (
    <Drawer
      title={words.details}
      onClose={onClose}
      footer={
        <>
          {caller !== null && (
            <Link
              to="/requests"
              search={{ caller: callerId(caller) }}
              className="inline-flex h-8 items-center px-2 text-accent hover:underline"
            >
              {words.onlyThisCaller}
            </Link>
          )}
          {instance !== null && (
            <Link
              to="/instances/$name"
              params={{ name: instance }}
              search={{ tab: 'logs' }}
              className="inline-flex h-8 items-center px-2 text-accent hover:underline"
            >
              {words.logOfMoment}
            </Link>
          )}
          {!isFinished(request) && mayEnd && (
            <Button kind="danger" disabled={!isOnline} aria-haspopup="dialog" onClick={() => askToEnd(request)}>
              {words.end}
            </Button>
          )}
        </>
      }
    >
      <div className="flex flex-col gap-6">
        <Course request={request} now={now} />
        {isFinished(request) && request.error !== null && (
          <section>
            <h3 className="mb-1 font-strong">{words.engineError}</h3>
            <p className="break-words text-bad">
              {request.error.code !== null && <code className="mr-2">{request.error.code}</code>}
              <RequestError error={request.error} />
            </p>
          </section>
        )}
        <Figures {...{ request, owner }} />
        <p className="text-mute">{words.notKept}</p>
      </div>
    </Drawer>
  );
}

function Course({ request, now }: { request: SeenRequest; now: number }) {
  const whole = secondsOf(request, now);
  return (
    <section className="flex flex-col gap-2">
      <div className="flex items-center justify-between gap-2">
        <OutcomeMark request={request} />
        <span className="figures text-section font-strong">{requestSeconds(whole)}</span>
      </div>
      <CourseBar request={request} now={now} scale={Math.max(whole, 0.001)} />
      <CourseParts request={request} now={now} />
    </section>
  );
}

function Figures({ request, owner }: Pick<RequestDrawerProps, 'request' | 'owner'>) {
  const words = useWords(requestsWords);
  const { facts } = words;
  const fact = (name: string, value: ReactNode | null) => (value === null ? null : ([name, value] as const));
  const first = request.time_to_first_token;
  return (
    <Facts
      facts={[
        [
          facts.id,
          <span key="id" className="-my-1 flex items-center gap-1">
            <code className="break-all">{request.id}</code>
            <CopyButton text={request.id} label={words.copyId} />
          </span>,
        ],
        [facts.instance, request.instance ?? words.unknownInstance],
        fact(facts.model, request.model),
        [
          facts.caller,
          request.caller === null ? (
            words.someone
          ) : (
            <CallerName key="caller" caller={request.caller} owner={owner} hasId />
          ),
        ],
        fact(facts.agent, request.user_agent),
        [facts.path, <code key="path">{`${request.method} ${request.path}`}</code>],
        [facts.started, clockTime(request.started_at, null)],
        isFinished(request) ? [facts.finished, clockTime(request.finished_at, null)] : null,
        isFinished(request) && request.count !== undefined ? [facts.count, words.withinMinute(request.count)] : null,
        isFinished(request) ? fact(facts.status, request.status) : [facts.phase, phaseText(request, words)],
        first === null ? null : [facts.firstToken, requestSeconds(first)],
        request.tokens_in === null
          ? null
          : [
              facts.tokensIn,
              `${request.tokens_in}${request.cached_tokens === null ? '' : ` (${words.cached(String(request.cached_tokens))})`}`,
            ],
        request.tokens_out === null
          ? null
          : [facts.tokensOut, `${request.tokens_out}${request.tokens_estimated ? ` (${words.counted})` : ''}`],
        request.tokens_per_second === null ? null : [facts.rate, number(request.tokens_per_second, 1)],
        request.bytes_out === 0 ? null : [facts.bytes, bytes(request.bytes_out)],
      ]}
    />
  );
}

type Words = (typeof requestsWords)['en'];

function phaseText(request: SeenRequest, words: Words): string {
  if (isFinished(request)) return '';
  const place = request.position === null ? null : words.place(request.position);
  return [words.phases[request.phase], place].filter((part) => part !== null).join(', ');
}

/** The words of the engine or of llamactl, with a sentence in the reader's language if llamactl refused the request. */
function RequestError({ error: { code, message } }: { error: NonNullable<FinishedRequest['error']> }) {
  const serverWords = useServerWords();
  return <ServerSentence own={code === null ? null : (serverWords?.error({ code }) ?? null)} words={message} />;
}
