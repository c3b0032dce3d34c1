import type { ActiveRequest } from '@llamactl/client';
import { requestSeconds } from '../../lib/figures.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { useWords } from '../../lib/language.ts';
import { useNow } from '../../lib/now.ts';
import { requestsWords } from '../../words/requests.ts';
import { ownerOf, useOwners } from './callers.ts';
import { secondsOf } from './course.ts';
import { useEndRequest } from './end-button.tsx';
import { CallerName } from './caller-name.tsx';

/** Asks before a request ends, and names it. */
export default function EndQuestion({ request, onClose }: { request: ActiveRequest; onClose: () => void }) {
  const words = useWords(requestsWords);
  const now = useNow();
  const end = useEndRequest();
  const { instance, model, caller, path } = request;
  const owner = ownerOf(useOwners(), caller);
  return (
    <ConfirmDialog
      title={words.endTitle(instance ?? model ?? words.unknownInstance)}
      confirm={words.endDo}
      isDanger
      onConfirm={() => {
        end.mutate(request.id);
        onClose();
      }}
      onClose={onClose}
    >
      <p className="figures break-words">
        {caller === null ? words.someone : <CallerName {...{ caller, owner }} />} · {path} ·{' '}
        {requestSeconds(secondsOf(request, now))}
      </p>
      <p className="mt-2 text-mute">{words.endText}</p>
    </ConfirmDialog>
  );
}
