import { useState } from 'react';
import { clockTime } from '../../format/clock-time.ts';
import { Banner } from '../components/banner.tsx';
import { Button } from '../components/button.tsx';
import { useApp } from '../lib/app.ts';
import { useConnection } from '../lib/live/live-hooks.ts';
import { useWords } from '../lib/language.ts';
import { useNow } from '../lib/now.ts';
import { useStored } from '../lib/value-store.ts';
import { shellWords } from '../words/shell.ts';

/** Problems of the whole page: a lost connection, and a rate that is used up. */
export function ShellBanners() {
  const connection = useConnection();
  const { busyUntil: busy, logIn } = useApp();
  const busyUntil = useStored(busy);
  const state = useStored(logIn.state);
  // The connection waits for the log-in, for which a dialog asks.
  const waitsForLogIn = state.kind === 'in' && state.isExpired;
  return (
    <>
      {connection.kind === 'lost' && !waitsForLogIn && (
        <LostBanner since={connection.since} nextTryAt={connection.nextTryAt} />
      )}
      {busyUntil !== null && <BusyBanner until={busyUntil} />}
      <VersionBanner />
    </>
  );
}

function LostBanner({ since, nextTryAt }: { since: number; nextTryAt: number }) {
  const words = useWords(shellWords);
  const { feed } = useApp();
  const now = useNow();
  const seconds = Math.max(0, Math.ceil((nextTryAt - now) / 1_000));
  return (
    <Banner
      kind="bad"
      actions={
        <Button size="small" onClick={() => feed.retryNow()}>
          {words.tryNow}
        </Button>
      }
    >
      {words.lostBanner(seconds)} <span className="figures text-mute">· {words.asOf(clockTime(since, now))}</span>
    </Banner>
  );
}

function BusyBanner({ until }: { until: number }) {
  const words = useWords(shellWords);
  const seconds = Math.ceil((until - useNow()) / 1_000);
  if (seconds <= 0) return null;
  return <Banner kind="warn">{words.busy(seconds)}</Banner>;
}

/** The page is of another version than the server that answers now. */
function VersionBanner() {
  const words = useWords(shellWords);
  const version = useStored(useApp().feed.version);
  const [first, setFirst] = useState(version);
  if (first === null && version !== null) setFirst(version);
  if (version === null || first === null || version === first) return null;
  return (
    <Banner
      kind="info"
      actions={
        <Button size="small" onClick={() => location.reload()}>
          {words.reload}
        </Button>
      }
    >
      {words.newVersion(version)}
    </Banner>
  );
}
