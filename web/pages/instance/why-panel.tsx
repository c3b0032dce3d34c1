import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { Why } from '@llamactl/client';
import { Badge } from '../../components/badge.tsx';
import { Button } from '../../components/button.tsx';
import { CommandText } from '../../components/command-text.tsx';
import { ServerSentence } from '../../components/server-sentence.tsx';
import { StatusShape, type Verdict } from '../../components/status.tsx';
import { useApp, useRole } from '../../lib/app.ts';
import { classNames } from '../../lib/class-names.ts';
import { useWords } from '../../lib/language.ts';
import { useAlerts } from '../../lib/live/live-hooks.ts';
import type { Row } from '../../lib/live/row-store.ts';
import { includes } from '../../lib/permissions.ts';
import { useServerWords } from '../../lib/server-words.ts';
import { whyWords } from '../../words/why.ts';
import { needsRepair } from '../instances/listed-status.ts';
import { visibleText } from './log-text.ts';
import { labelOf, placeOf, roleFor, stepsOf } from './remedies.ts';
import { RemedyButton } from './remedy-button.tsx';
import { evidenceText, whySentence, wordsBeside } from './why-text.ts';
import { mayLackFile, whyQuery } from './why-query.ts';

/** Why an instance does not run well, or could not start again, and what helps. Else empty, also if it was stopped on purpose. */
export function WhyPanel({ row }: { row: Row }) {
  const { name, status, restart_required: isChanged, waits_for: others } = row;
  const { client } = useApp();
  const hasAlert = useAlerts()?.some(({ instance }) => instance === name) ?? false;
  const isDown = status === 'failed' || status === 'restarting' || status === 'stopped';
  const mayBeIll = isDown || others.length > 0 || mayLackFile(row);
  const query = useQuery({ ...whyQuery(client, row), enabled: mayBeIll || hasAlert || isChanged });
  const why = query.data;
  if (why === undefined || !query.isEnabled) return null;
  if (why.cause === null && !hasAlert && !isChanged && status !== 'failed') return null;
  return <WhyBox why={why} row={row} />;
}

function WhyBox({ why, row }: { why: Why; row: Row }) {
  const words = useWords(whyWords);
  const serverWords = useServerWords();
  const navigate = useNavigate();
  const verdict = verdictOf(row, why);
  const { log_seq: line, remedies, evidence } = why;
  const steps = stepsOf(remedies);
  const role = useRole();
  const main = needsRepair(row) ? steps.find((remedy) => includes(role, roleFor(remedy))) : undefined;
  const others = remedies.filter((remedy) => !steps.includes(remedy));
  const output = evidence.filter(({ what, text }) => what === 'log' && text.trim() !== '');
  const facts = evidence.filter(({ what }) => what !== 'log');
  // Nothing is wrong: one line is enough.
  const isShort = why.cause === null && verdict !== 'bad';
  return (
    <section
      aria-label={words.title}
      className={classNames(
        'mx-4 mb-3 shrink-0 rounded-panel border wide:mx-6',
        isShort && 'flex flex-wrap items-center justify-between pr-1',
        verdict === 'bad'
          ? 'border-bad bg-bad-soft'
          : verdict === 'warn'
            ? 'border-warn bg-warn-soft'
            : 'border-line bg-panel',
      )}
    >
      <div className={classNames('flex items-start gap-2 px-4', isShort ? 'py-2' : 'pt-3')}>
        <span className="flex h-5 items-center">
          <StatusShape of={verdict} />
        </span>
        <p className="min-w-0 grow text-form break-words">
          <ServerSentence own={whySentence(why, serverWords)} words={wordsBeside(why, serverWords)} />
        </p>
        {why.cause !== null && why.cause !== 'unknown' && <Badge colour={verdict}>{words.cause(why.cause)}</Badge>}
      </div>
      <div className={classNames('flex flex-col gap-2 px-4', isShort ? 'py-1.5' : 'pt-2 pb-3 wide:pl-9')}>
        {(steps.length > 0 || line !== null) && (
          <div className="flex flex-wrap gap-2">
            {steps.map((remedy, at) => (
              <RemedyButton
                key={remedy.label}
                {...{ remedy, why, line }}
                name={row.name}
                status={row.status}
                isFirst={at === 0}
                isMain={remedy === main}
              />
            ))}
            {line !== null && !steps.some((remedy) => placeOf(remedy) === 'log') && (
              <Button
                size="small"
                kind="quiet"
                icon="logs"
                onClick={() =>
                  void navigate({
                    to: '/instances/$name',
                    params: { name: row.name },
                    search: { tab: 'logs', line },
                  })
                }
              >
                {words.showLine}
              </Button>
            )}
          </div>
        )}
        {others.length > 0 && (
          <ul className="flex flex-col gap-1">
            {others.map((remedy) => (
              <li key={remedy.label} className="flex flex-wrap items-center gap-x-2">
                <span aria-hidden className="text-mute">
                  ·
                </span>
                {remedy.tried === true ? words.tried(labelOf(remedy, serverWords)) : labelOf(remedy, serverWords)}
                {remedy.command !== undefined && <CommandText command={remedy.command} />}
              </li>
            ))}
          </ul>
        )}
        {output.length > 0 && (
          <pre className="max-h-24 overflow-y-auto rounded-control border border-line bg-canvas px-3 py-2 break-words whitespace-pre-wrap">
            {output.map(({ text }) => visibleText(text)).join('\n')}
          </pre>
        )}
        {facts.length > 0 && !isShort && (
          <details className="text-mute">
            <summary className="inline-flex min-h-6 items-center rounded-control hover:text-ink">
              {words.evidence}
            </summary>
            <dl className="grid grid-cols-[max-content_minmax(0,1fr)] gap-x-4 gap-y-1 pt-1">
              {facts.map((fact) => (
                <div key={`${fact.what} ${fact.text}`} className="contents">
                  <dt>{serverWords?.evidence(fact.what) ?? fact.what}</dt>
                  <dd className="break-words text-ink">
                    <ServerSentence own={evidenceText(fact, serverWords)} words={fact.text} />
                  </dd>
                </div>
              ))}
            </dl>
          </details>
        )}
      </div>
    </section>
  );
}

function verdictOf({ status, restart_required: isChanged }: Row, { cause }: Why): Verdict {
  if (status === 'failed' || cause === 'no_answer') return 'bad';
  if (cause === 'waits_for') return 'busy';
  return cause !== null || isChanged ? 'warn' : 'off';
}
