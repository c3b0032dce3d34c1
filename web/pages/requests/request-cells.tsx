import { rateText, requestSeconds, tokenCount } from '../../lib/figures.ts';
import { Moment } from '../../components/age.tsx';
import { GridCell } from '../../components/grid.tsx';
import { LongName } from '../../components/long-name.tsx';
import { VerdictMark, type Verdict } from '../../components/status.tsx';
import { useMay } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { requestsWords } from '../../words/requests.ts';
import { CallerName } from './caller-name.tsx';
import { CourseBar } from './course-bar.tsx';
import { isFinished, secondsOf, type SeenRequest } from './course.ts';
import { EndButton } from './end-button.tsx';
import { outcomeText } from './outcome-text.ts';

const NONE = <span className="text-mute">–</span>;

interface RequestCellsProps {
  request: SeenRequest;
  /** Of the key that the caller is; `null`: none, or unknown. */
  owner: string | null;
  /** Milliseconds since the epoch. */
  now: number;
  /** Seconds of the widest bar. */
  scale: number;
  /** All requests are for one instance, so the cells do not name it. */
  isOfOne: boolean;
}

/** The cells of one request on a wide screen. */
export function RequestCells({ request, owner, now, scale, isOfOne }: RequestCellsProps) {
  const words = useWords(requestsWords);
  const mayEnd = useMay('operator');
  const { instance, caller, path, tokens_per_second: rate } = request;
  return (
    <>
      <GridCell className="figures">
        <Moment at={request.started_at} />
      </GridCell>
      {!isOfOne && (
        <GridCell tip={instance ?? request.model ?? undefined}>
          {instance !== null ? (
            <LongName name={instance} />
          ) : (
            <span className="text-mute">{request.model ?? words.unknownInstance}</span>
          )}
        </GridCell>
      )}
      <GridCell tip={caller ?? undefined}>
        {caller === null ? <span className="text-mute">{words.someone}</span> : <CallerName {...{ caller, owner }} />}
      </GridCell>
      <GridCell tip={path} className="text-mute">
        {path}
      </GridCell>
      <GridCell className="flex items-center">
        <CourseBar request={request} now={now} scale={scale} />
      </GridCell>
      <GridCell isNumber>{requestSeconds(secondsOf(request, now))}</GridCell>
      <GridCell isNumber>{rate === null ? NONE : rateText(rate)}</GridCell>
      <GridCell isNumber>
        <TokensText request={request} />
      </GridCell>
      <GridCell className="flex items-center justify-between gap-2">
        <OutcomeMark request={request} />
        {!isFinished(request) && mayEnd && <EndButton request={request} />}
      </GridCell>
    </>
  );
}

/** A request in two lines, for a narrow screen. */
export function NarrowRequest({ request, owner, now, scale, isOfOne }: RequestCellsProps) {
  const words = useWords(requestsWords);
  const mayEnd = useMay('operator');
  return (
    <div role="gridcell" className="flex min-w-0 items-center gap-2 px-2">
      <div className="flex min-w-0 grow flex-col gap-1">
        <span className="flex min-w-0 items-center gap-2">
          <span className="flex min-w-0 text-form font-strong">
            {isOfOne ? (
              <span className="min-w-0 truncate">{request.path}</span>
            ) : (
              <LongName name={request.instance ?? request.model ?? words.unknownInstance} />
            )}
          </span>
          <span className="max-w-1/2 shrink-0">
            <OutcomeMark request={request} />
          </span>
          <span className="figures ml-auto shrink-0 text-mute">{requestSeconds(secondsOf(request, now))}</span>
        </span>
        <span className="flex min-w-0 items-center gap-2">
          <span className="w-24 shrink-0">
            <CourseBar request={request} now={now} scale={scale} />
          </span>
          <span className="figures min-w-0 truncate text-mute">
            <Moment at={request.started_at} /> ·{' '}
            {request.caller === null ? words.someone : <CallerName caller={request.caller} owner={owner} />}
          </span>
        </span>
      </div>
      {!isFinished(request) && mayEnd && <EndButton request={request} />}
    </div>
  );
}

/** Tokens of the prompt and of the answer: `1.2k → 118`. */
export function TokensText({ request: { tokens_in: read, tokens_out: written } }: { request: SeenRequest }) {
  if (read === null && written === null) return NONE;
  const text = (tokens: number | null): string => (tokens === null ? '–' : tokenCount(tokens));
  return `${text(read)} → ${text(written)}`;
}

/** The verdict on a request, or its phase. */
export function verdictOf(request: SeenRequest): Verdict {
  if (!isFinished(request)) return request.phase === 'starting' || request.phase === 'queued' ? 'warn' : 'busy';
  switch (request.outcome) {
    case 'ok':
      return 'ok';
    case 'aborted':
    case 'cancelled':
      return 'off';
    case 'client_error':
      return 'warn';
    case 'engine_error':
    case 'refused':
    case 'broken':
      return 'bad';
  }
}

/** How a request ended, or what it does now. The reason of a failure is in the tip. */
export function OutcomeMark({ request }: { request: SeenRequest }) {
  const words = useWords(requestsWords);
  const text = isFinished(request) ? outcomeText(request, words) : words.phases[request.phase];
  const why = isFinished(request) ? (request.error?.message ?? null) : null;
  return (
    <span data-tip={why ?? undefined} className="flex min-w-0">
      <VerdictMark verdict={verdictOf(request)}>{text}</VerdictMark>
    </span>
  );
}
