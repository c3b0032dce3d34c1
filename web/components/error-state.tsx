import { Link } from '@tanstack/react-router';
import type { Role } from '@llamactl/client';
import { useApp, useRole } from '../lib/app.ts';
import { errorText } from '../lib/error-text.ts';
import { useWords } from '../lib/language.ts';
import { useStored } from '../lib/value-store.ts';
import { partsWords } from '../words/parts.ts';
import { Button } from './button.tsx';
import { CopyButton } from './copy-button.tsx';
import { EmptyState } from './empty-state.tsx';
import { ErrorSentence } from './server-sentence.tsx';

/** The part of a page that failed: the sentence of the API, the id of the request, and another try. */
export function ErrorState({ error, onRetry }: { error: unknown; onRetry?: (() => void) | undefined }) {
  const words = useWords(partsWords);
  const { kind, requestId } = errorText(error);
  if (kind === 'forbidden') return <ForbiddenState error={error} />;
  return (
    <div role="alert">
      <EmptyState
        icon={kind === 'not found' ? 'search' : 'warning'}
        title={kind === 'not found' ? words.notFound : kind === 'no connection' ? words.noConnection : words.failed}
        action={onRetry !== undefined && <Button onClick={onRetry}>{words.tryAgain}</Button>}
      >
        {kind === 'no connection' ? (
          words.whenBack
        ) : (
          <p className="break-words">
            <ErrorSentence error={error} />
          </p>
        )}
        {requestId !== null && (
          <p className="mt-1 flex items-center justify-center gap-1">
            {words.request} <code className="truncate">{requestId}</code>
            <CopyButton text={requestId} label={words.copyRequestId} />
          </p>
        )}
      </EmptyState>
    </div>
  );
}

/** A place that this caller may not see: who they are, and the way back. */
export function ForbiddenState({ needs, error }: { needs?: Role; error?: unknown }) {
  const words = useWords(partsWords);
  const role = useRole();
  const state = useStored(useApp().logIn.state);
  const username = state.kind === 'in' ? (state.me.caller?.username ?? null) : null;
  return (
    <EmptyState icon="access" title={words.forbidden} action={<WayBack />}>
      <p>{needs === undefined ? <ErrorSentence error={error} /> : words.needsRole(needs)}</p>
      <p>{words.youAre(username, role)}</p>
    </EmptyState>
  );
}

/** An address that leads nowhere. */
export function NotFoundState({ children }: { children?: string }) {
  const words = useWords(partsWords);
  return (
    <EmptyState icon="search" title={words.notFound} action={<WayBack />}>
      {children}
    </EmptyState>
  );
}

function WayBack() {
  const words = useWords(partsWords);
  return (
    <Link to="/instances" className="text-accent hover:underline">
      {words.toInstances}
    </Link>
  );
}
