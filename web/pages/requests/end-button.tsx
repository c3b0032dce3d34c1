import { useMutation } from '@tanstack/react-query';
import type { ActiveRequest } from '@llamactl/client';
import { Button } from '../../components/button.tsx';
import { showError, showToast } from '../../components/toast.tsx';
import { useApp } from '../../lib/app.ts';
import { askToEnd } from '../../lib/asked-request.ts';
import { useWords } from '../../lib/language.ts';
import { useIsOnline } from '../../lib/live/live-hooks.ts';
import { requestsWords } from '../../words/requests.ts';

/** Ends requests by id, at once. */
export function useEndRequest() {
  const words = useWords(requestsWords);
  const { client, queries } = useApp();
  return useMutation({
    mutationFn: (id: string) => client.cancelRequest(id),
    onSuccess: () => showToast({ kind: 'done', text: words.ended }),
    onError: showError,
    onSettled: () => void queries.invalidateQueries({ queryKey: ['requests'] }),
  });
}

/** Ends a request in flight, after a question. */
export function EndButton({ request }: { request: ActiveRequest }) {
  const words = useWords(requestsWords);
  const isOnline = useIsOnline();
  return (
    <Button
      size="small"
      kind="danger"
      className="!h-6"
      disabled={!isOnline}
      aria-haspopup="dialog"
      aria-label={words.endLong(request.instance ?? request.model ?? words.unknownInstance)}
      onClick={(event) => {
        event.stopPropagation();
        askToEnd(request);
      }}
    >
      {words.end}
    </Button>
  );
}
