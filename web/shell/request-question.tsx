import { lazy, Suspense } from 'react';
import { laterPart, MissingFloat } from '../components/later-part.tsx';
import { askedRequest } from '../lib/asked-request.ts';
import { useStored } from '../lib/value-store.ts';

// Most visits end no request.
const EndQuestion = lazy(
  laterPart(async () => (await import('../pages/requests/end-question.tsx')).default, MissingFloat),
);

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
