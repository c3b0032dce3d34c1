import { ConnectionError } from '@llamactl/client';
import { useEffect, useReducer, useState, type ComponentType } from 'react';
import { useApp } from '../lib/app.ts';
import { useIsOnline } from '../lib/live/live-hooks.ts';
import { ErrorState } from './error-state.tsx';
import { showError } from './toast.tsx';

/** Shown in place of a part that did not come. */
type Gap<Props> = ComponentType<{ error: unknown; onRetry: () => void; props: Props }>;

/**
 * Loads a part of the page that comes when it is first shown, for `lazy` and `lazyRouteComponent`. These would replace the
 * whole page, or reload it, if the part does not come, as while the server is gone. Here a note stands in its place, and the
 * part comes with the next connection.
 *
 * @param load Imports the part.
 * @param Missing The note; default an error with another try.
 */
export function laterPart<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  Missing: Gap<Props> = MissingPart,
): () => Promise<{ default: ComponentType<Props> }> {
  return async () => {
    try {
      return { default: await load() };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return { default: standIn(load, Missing) };
    }
  };
}

/** Tries to load a part each time that it is shown, and with each new connection, until it is there. */
function standIn<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  Missing: Gap<Props>,
): ComponentType<Props> {
  let found: ComponentType<Props> | null = null;
  return function StandIn(props: Props) {
    const [Part, setPart] = useState(() => found);
    const [error, setError] = useState<unknown>(null);
    const [tries, tryAgain] = useReducer((count: number) => count + 1, 0);
    const isOnline = useIsOnline();
    const { client } = useApp();
    useEffect(() => {
      if (Part !== null) return;
      load().then(
        (part) => {
          found = part;
          setPart(() => part);
        },
        (cause: unknown) => setError(cause),
      );
    }, [Part, isOnline, tries]);
    if (Part !== null) return <Part {...props} />;
    if (error === null) return null;
    const shown = isOnline ? error : new ConnectionError('no answer', { url: client.url, cause: error });
    return <Missing error={shown} onRetry={tryAgain} props={props} />;
  };
}

function MissingPart({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  return <ErrorState error={error} onRetry={onRetry} />;
}

/** For a part that floats over the page: it closes, and a message says why. */
export function MissingFloat({ error, props: { onClose } }: { error: unknown; props: { onClose: () => void } }) {
  useEffect(() => {
    showError(error);
    onClose();
  });
  return null;
}
