import { Link } from '@tanstack/react-router';
import type { Download } from '@llamactl/client';
import { useState } from 'react';
import { bytes, duration } from '../lib/figures.ts';
import { Button } from '../components/button.tsx';
import { IconButton } from '../components/icon-button.tsx';
import { Progress } from '../components/meter.tsx';
import { ServerSentence } from '../components/server-sentence.tsx';
import { VerdictMark, type Verdict } from '../components/status.tsx';
import { useMay } from '../lib/app.ts';
import { useDownloadCommand, useDownloads } from '../lib/downloads.ts';
import { useWords } from '../lib/language.ts';
import { useIsOnline } from '../lib/live/live-hooks.ts';
import { useServerWords } from '../lib/server-words.ts';
import { downloadsWords } from '../words/downloads.ts';

const VERDICTS: Readonly<Record<Download['state'], Verdict>> = {
  queued: 'warn',
  running: 'busy',
  verifying: 'busy',
  paused: 'warn',
  done: 'ok',
  failed: 'bad',
  cancelled: 'off',
};
const OPEN: ReadonlySet<Download['state']> = new Set(['queued', 'running', 'verifying', 'paused', 'failed']);
/** Downloads that are shown at once. */
const MOST = 3;

/** Downloads that are not over, and those that ended while this page was open, below every page. */
export function DownloadsBar() {
  const words = useWords(downloadsWords);
  const downloads = useDownloads();
  const [followed, setFollowed] = useState<ReadonlySet<string>>(new Set());
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const begun = (downloads ?? []).filter(({ id, state }) => OPEN.has(state) && !followed.has(id));
  if (begun.length > 0) setFollowed(new Set([...followed, ...begun.map(({ id }) => id)]));
  const shown = (downloads ?? []).filter(
    ({ id, state }) => !hidden.has(`${id} ${state}`) && (OPEN.has(state) || (state === 'done' && followed.has(id))),
  );
  if (shown.length === 0) return null;
  return (
    <section aria-label={words.bar} className="shrink-0 divide-y divide-line border-t border-line bg-panel">
      {shown.slice(-MOST).map((download) => (
        <Row
          key={download.id}
          download={download}
          onHide={() => setHidden(new Set([...hidden, `${download.id} ${download.state}`]))}
        />
      ))}
      {shown.length > MOST && <p className="px-4 py-1 text-mute wide:px-6">{words.others(shown.length - MOST)}</p>}
    </section>
  );
}

function Row({ download, onHide }: { download: Download; onHide: () => void }) {
  const words = useWords(downloadsWords);
  const serverWords = useServerWords();
  const { model, state, done_bytes: done, total_bytes: total, error } = download;
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-1.5 wide:px-6">
      <span className="min-w-0 grow basis-48 truncate font-strong wide:grow-0 wide:basis-72" title={model}>
        {model}
      </span>
      <VerdictMark verdict={VERDICTS[state]}>{words.states[state]}</VerdictMark>
      {state !== 'done' && (
        <Progress label={model} share={total > 0 ? done / total : null} className="w-full grow basis-32 wide:w-auto" />
      )}
      <span className="figures min-w-0 truncate text-mute" title={error?.message}>
        {error === null ? (
          progressText(download, words)
        ) : (
          <ServerSentence own={serverWords?.error(error) ?? null} words={error.message} />
        )}
      </span>
      <Actions download={download} onHide={onHide} />
    </div>
  );
}

/** `1.2 GB of 5.0 GB · 45 MB/s · 1m 20s left`. */
function progressText(download: Download, words: (typeof downloadsWords)['en']): string {
  const { state, done_bytes: done, total_bytes: total, bytes_per_second: speed, eta_seconds: left } = download;
  const isRunning = state === 'running';
  return [
    state === 'done' ? bytes(total) : words.progress(bytes(done), bytes(total)),
    isRunning ? (speed > 0 ? words.speed(bytes(speed)) : words.stalled) : null,
    isRunning && left !== null && speed > 0 ? words.left(duration(left)) : null,
  ]
    .filter((part) => part !== null)
    .join(' · ');
}

function Actions({ download: { id, state, model }, onHide }: { download: Download; onHide: () => void }) {
  const words = useWords(downloadsWords);
  const isAdmin = useMay('admin');
  const isOnline = useIsOnline();
  const command = useDownloadCommand();
  const run = (name: 'pause' | 'resume' | 'delete') => () => command.mutate({ id, command: name });
  const shared = { size: 'small', disabled: !isOnline } as const;
  return (
    <span className="flex shrink-0 items-center gap-1">
      {(state === 'running' || state === 'queued') && (
        <Button {...shared} icon="pause" onClick={run('pause')}>
          {words.pause}
        </Button>
      )}
      {(state === 'paused' || state === 'failed') && (
        <Button {...shared} icon="start" onClick={run('resume')}>
          {words.resume}
        </Button>
      )}
      {state === 'done' && isAdmin && (
        <Link
          to="/new"
          search={{ model }}
          className="inline-flex h-7 items-center rounded-control bg-accent px-2 font-strong text-on-accent"
        >
          {words.createAndChat}
        </Link>
      )}
      {state === 'done' ? (
        <IconButton icon="cross" label={words.dismiss} onClick={onHide} />
      ) : (
        <Button {...shared} kind="quiet" onClick={run('delete')}>
          {words.cancel}
        </Button>
      )}
    </span>
  );
}
