import { useEffect, useState } from 'react';
import { duration } from '../../lib/figures.ts';
import { Progress } from '../../components/meter.tsx';
import { useWords } from '../../lib/language.ts';
import { useServerWords } from '../../lib/server-words.ts';
import { useRow } from '../../lib/live/live-hooks.ts';
import type { Row } from '../../lib/live/row-store.ts';
import { useStored } from '../../lib/value-store.ts';
import { playgroundWords } from '../../words/playground.ts';
import { useSlots } from './use-answers.ts';

/** The place of an answer before its first token: why it is not there yet, and how far the start of its instance is. */
export function AnswerWait({ instance }: { instance: string }) {
  const words = useWords(playgroundWords);
  const row = useRow(instance);
  // Until then nothing was sent, so the state of the instance is no reason.
  const waitsHere = useStored(useSlots().waiting) > 0;
  const fault = useFault(row);
  const text = waitsHere ? words.waitsForStream : row === undefined ? words.readsPrompt : waitText(row, words);
  const load = row?.status === 'starting' ? row.load : null;
  const usual = load?.usual_seconds ?? null;
  return (
    <div role="status" className="flex max-w-80 flex-col gap-2 text-mute">
      {fault !== null && <span className="text-warn">{words.startsOnceMore(fault)}</span>}
      <span className="late flex flex-wrap gap-x-2">
        {text}
        {usual !== null && <span className="figures">{words.usual(duration(usual))}</span>}
      </span>
      {!waitsHere && row !== undefined && row.status !== 'running' && (
        <Progress label={text} share={load?.fraction ?? null} />
      )}
    </div>
  );
}

/** Returns why the engine ended while its answer was awaited; `null`: it did not. */
function useFault(row: Row | undefined): string | null {
  const [fault, setFault] = useState<string | null>(null);
  const serverWords = useServerWords();
  const cause = row?.cause;
  const reason = row?.status === 'restarting' ? ((cause && serverWords?.cause(cause)) ?? row.reason) : null;
  useEffect(() => {
    if (reason !== null) setFault(reason.replace(/^backoff after: /, ''));
  }, [reason]);
  return fault;
}

function waitText(row: Row, words: (typeof playgroundWords)['en']): string {
  const { name, status, waits_for: others, load, waiting } = row;
  if (others.length > 0) return words.waitsFor(others.join(', '));
  if (load !== null) return words.phases[load.phase];
  if (status !== 'running') return words.waitsForStart(name);
  return waiting > 0 ? words.waitsForSlot(waiting) : words.readsPrompt;
}
