import { useEffect, useRef } from 'react';
import { classNames } from '../lib/class-names.ts';
import { errorText } from '../lib/error-text.ts';
import { useWords, wordsNow } from '../lib/language.ts';
import { useStored } from '../lib/value-store.ts';
import { partsWords } from '../words/parts.ts';
import { Button } from './button.tsx';
import { CopyButton } from './copy-button.tsx';
import { IconButton } from './icon-button.tsx';
import { Icon } from './icons.tsx';
import { ServerSentence } from './server-sentence.tsx';
import { ToastList, type ShownToast, type Toast } from './toast-list.ts';

const toasts = new ToastList();

/** Shows a message in the corner. */
export function showToast(toast: Toast): void {
  toasts.show(toast);
}

/** Shows an error of a request: the sentence of the API, and the id of the request. */
export function showError(error: unknown): void {
  showErrorAbout([], error);
}

/** Shows an error of a request about instances; their next try closes it. */
export function showErrorAbout(about: readonly string[], error: unknown): void {
  const { kind, sentence, words, requestId } = errorText(error);
  // The client guesses at the address and its rules. This page came from that very server.
  const text = kind === 'no connection' ? wordsNow(partsWords).noConnection : sentence;
  showToast({ kind: 'error', text, words, requestId, about });
}

/** Closes messages about an instance that starts. */
export function startedToast(instance: string): void {
  toasts.started(instance);
}

/** Closes errors about instances that are tried again, or changed. */
export function closeErrors(instances: readonly string[]): void {
  toasts.retried(instances);
}

/** Closes the errors of the page that the user leaves. */
export function leaveErrors(): void {
  toasts.leavePage();
}

/** Shows the messages. Stands once in the shell. */
export function ToastHost() {
  const shown = useStored(toasts.shown);
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const host = ref.current;
    // A closed message under the pointer sends no event that the pointer left.
    if (shown.length === 0) toasts.hold(false);
    if (host === null || shown.length === 0) return undefined;
    // Shown again, it lies over a dialog that was opened since.
    host.showPopover();
    return () => host.hidePopover();
  }, [shown]);
  return (
    <div
      ref={ref}
      popover="manual"
      role="status"
      onPointerEnter={() => toasts.hold(true)}
      onPointerLeave={() => toasts.hold(false)}
      onFocus={() => toasts.hold(true)}
      onBlur={() => toasts.hold(false)}
      className="fixed inset-auto right-4 bottom-16 m-0 w-96 max-w-[calc(100vw-32px)] overflow-visible bg-transparent p-0 text-ink wide:bottom-16"
    >
      <ul className="flex flex-col gap-2">
        {shown.map((toast) => (
          <Message key={toast.id} toast={toast} />
        ))}
      </ul>
    </div>
  );
}

function Message({ toast: { id, kind, text, words: serverWords, requestId, action } }: { toast: ShownToast }) {
  const words = useWords(partsWords);
  const isError = kind === 'error';
  return (
    <li className="popped flex items-start gap-2 rounded-panel border border-line bg-raised py-2 pr-2 pl-3 shadow-float">
      <Icon name={isError ? 'warning' : 'check'} className={classNames('mt-1.5', isError ? 'text-bad' : 'text-ok')} />
      <div className="min-w-0 grow py-1">
        <p className="break-words whitespace-pre-line">
          <ServerSentence own={{ text, isWhole: false }} words={serverWords ?? null} />
        </p>
        {isError && typeof requestId === 'string' && (
          <p className="mt-0.5 flex items-center gap-1 text-label text-mute">
            {words.request} <code className="min-w-0 truncate text-label">{requestId}</code>
            <CopyButton text={requestId} label={words.copyRequestId} />
          </p>
        )}
      </div>
      {action !== undefined && (
        <Button
          size="small"
          kind="quiet"
          onClick={() => {
            action.run();
            toasts.close(id);
          }}
        >
          {action.label}
        </Button>
      )}
      <IconButton icon="cross" label={words.close} onClick={() => toasts.close(id)} />
    </li>
  );
}
