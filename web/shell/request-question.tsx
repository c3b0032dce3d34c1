import { lazy, Suspense } from 'react';
import { askedRequest } from '../lib/asked-request.ts';
import { useStored } from '../lib/value-store.ts';

// Most visits end no request.
const EndQuestion = lazy(() => import('../pages/requests/end-question.tsx'));

/** Asks before a request ends. Stands once in the shell. */
export function RequestQuestion() {
  const request = useStored(askedRequest);
  if (request === null) return null;
  return (
    <Suspense>
      <EndQuestion request={request} onClose={() => askedRequest.set(null)} />
    </Suspense>
  );
}
