import { Link } from '@tanstack/react-router';
import type { Finding, Remedy } from '@llamactl/client';
import { CommandText } from '../../components/command-text.tsx';
import { ServerSentence } from '../../components/server-sentence.tsx';
import { StatusShape, type Verdict } from '../../components/status.tsx';
import { useWords } from '../../lib/language.ts';
import { phrasesText, useServerWords, type OwnSentence, type ServerWords } from '../../lib/server-words.ts';
import { whyWords } from '../../words/why.ts';
import { systemWords } from '../../words/system.ts';
import { isLocked, labelOf, placeOf } from '../instance/remedies.ts';
import { StepButton, useOpenPlace } from '../instance/remedy-step.tsx';

const VERDICTS: Readonly<Record<Finding['status'], Verdict>> = { ok: 'ok', warning: 'warn', problem: 'bad' };

/** A finding of the doctor: its sentence, and each remedy as a button, a command or a sentence. */
export function FindingItem({ finding }: { finding: Finding }) {
  const { id, status, sentence, instance, remedies } = finding;
  const own = findingText(finding, useServerWords());
  const words = useWords(systemWords);
  const why = useWords(whyWords);
  return (
    <li className="grid grid-cols-[10px_minmax(0,1fr)] items-baseline gap-x-3 gap-y-1 py-2 wide:grid-cols-[10px_152px_minmax(0,1fr)]">
      <StatusShape of={VERDICTS[status]} label={status} />
      <span className={status === 'ok' ? 'text-mute' : 'font-strong'}>{words.checks[id]}</span>
      <div className="col-start-2 flex min-w-0 flex-col gap-1.5 wide:col-start-3">
        <p className="min-w-0 break-words">
          <ServerSentence own={own} words={sentence} />
        </p>
        {(remedies.length > 0 || instance !== undefined) && (
          <ul className="flex flex-wrap gap-x-3 gap-y-1.5">
            {instance !== undefined && (
              <li>
                <Link
                  to="/instances/$name"
                  params={{ name: instance }}
                  className="inline-flex min-h-6 items-center text-accent hover:underline"
                >
                  {why.ask}
                </Link>
              </li>
            )}
            {instance === undefined &&
              remedies.map((remedy) => (
                <li key={remedy.label} className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-1">
                  <Step remedy={remedy} />
                </li>
              ))}
          </ul>
        )}
      </div>
    </li>
  );
}

function Step({ remedy }: { remedy: Remedy }) {
  const openPlace = useOpenPlace();
  const label = labelOf(remedy, useServerWords());
  const { command } = remedy;
  const place = placeOf(remedy);
  if (place !== null && place !== 'log' && place !== 'edit' && !isLocked(remedy)) {
    return <StepButton onClick={() => openPlace(place, remedy)}>{textOf(label, remedy)}</StepButton>;
  }
  return (
    <>
      <span className="min-w-0 break-words text-mute">{label}</span>
      {command !== undefined && <CommandText command={command} />}
    </>
  );
}

/** A finding in the reader's language; `null`: that of the server. */
function findingText({ phrases, alert, instance }: Finding, words: ServerWords | null): OwnSentence | null {
  if (alert !== undefined) return words?.alert({ ...alert, instance }) ?? null;
  return phrasesText(phrases, words);
}

/** The step, and the key of the configuration that it changes. */
function textOf(label: string, { link }: Remedy): string {
  const [, key] = /^configuration\/(.+)$/.exec(link ?? '') ?? [];
  return key === undefined ? label : `${label}: ${key}`;
}
