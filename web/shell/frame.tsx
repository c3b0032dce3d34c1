import { useApp } from '../lib/app.ts';
import { useStored } from '../lib/value-store.ts';
import { PublicFrame } from './public-frame.tsx';
import { Shell } from './shell.tsx';

/** The frame around all pages. Only public pages are shown without a log-in. */
export function Frame() {
  const { kind } = useStored(useApp().logIn.state);
  return kind === 'in' ? <Shell /> : <PublicFrame />;
}
