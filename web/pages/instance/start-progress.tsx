import { useEffect, useState } from 'react';
import { duration, percent } from '../../lib/figures.ts';
import { Progress } from '../../components/meter.tsx';
import { Panel } from '../../components/panel.tsx';
import { StatusMark } from '../../components/status.tsx';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import type { Row } from '../../lib/live/row-store.ts';
import { instanceWords } from '../../words/instance.ts';
import { instancesWords } from '../../words/instances.ts';
import { visibleText } from './log-text.ts';

/** How far a start is, how long it usually takes, and what the engine says. Empty while the instance does not start. */
export function StartProgress({ row }: { row: Row }) {
  const { name, status, load, waits_for: others, last_load_seconds: last } = row;
  const words = useWords(instanceWords).load;
  const phases = useWords(instancesWords);
  if (status !== 'starting' || load === null) return null;
  const { phase, fraction, elapsed, usual_seconds: usual } = load;
  const left = usual === null || elapsed >= usual ? null : phases.timeLeft(duration(usual - elapsed));
  const facts = [
    words.since(duration(elapsed)),
    left,
    usual === null ? (last === null ? null : words.took(duration(last))) : words.usual(duration(usual)),
  ].filter((fact) => fact !== null);
  const isQueued = phase === 'queued';
  return (
    <Panel title={words.title}>
      <div className="flex flex-col gap-2">
        <div className="figures flex flex-wrap items-center gap-x-3 gap-y-1">
          <StatusMark status={status} word={phases.loading(phase)} />
          {fraction !== null && <span className="font-strong">{percent(Math.round(fraction * 100))}</span>}
          <span className="text-mute">{facts.join(' · ')}</span>
        </div>
        {isQueued ? (
          <p>{others.length === 0 ? words.waits : words.waitsFor(others.join(', '))}</p>
        ) : (
          <>
            <Progress label={words.title} share={fraction} />
            <LastLine name={name} />
          </>
        )}
      </div>
    </Panel>
  );
}

/** The newest line of the log, as it comes. */
function LastLine({ name }: { name: string }) {
  const words = useWords(instanceWords).load;
  const { feed } = useApp();
  const [line, setLine] = useState<string | null>(null);
  useEffect(() => {
    const ends = [
      feed.listen((frame) => {
        if (frame.type !== 'log_lines' || frame.data.name !== name) return;
        const newest = frame.data.lines.findLast(({ message }) => message.trim() !== '');
        if (newest !== undefined) setLine(newest.message);
      }),
      feed.want({ logs: [{ instance: name }] }),
    ];
    return () => {
      for (const end of ends) end();
    };
  }, [feed, name]);
  return (
    <p className="min-h-5 truncate font-mono text-mute" aria-label={words.lastLine}>
      {line === null ? '' : visibleText(line)}
    </p>
  );
}
