import { useEffect, useRef } from 'react';
import { classNames } from '../lib/class-names.ts';
import { errorText } from '../lib/error-text.ts';
import { useWords } from '../lib/language.ts';
import { useStored, ValueStore } from '../lib/value-store.ts';
import { partsWords } from '../words/parts.ts';
import { Button } from './button.tsx';
import { CopyButton } from './copy-button.tsx';
import { IconButton } from './icon-button.tsx';
import { Icon } from './icons.tsx';

/** A short message about a command. Errors stay until they are closed. */
export interface Toast {
  kind: 'done' | 'error';
  text: string;
  /** Of the answer with the error, for a report. */
  requestId?: string | null | undefined;
  action?: { label: string; run: () => void };
}

interface ShownToast extends Toast {
  id: number;
}

const MOST = 3;
/** Milliseconds that a message without a problem stays. */
const STAYS_MS = 5_000;
const shown = new ValueStore<readonly ShownToast[]>([]);
let lastId = 0;

/** Shows a message in the corner. */
export function showToast(toast: Toast): void {
  lastId += 1;
  const id = lastId;
  const others = shown.get().filter(({ text }) => text !== toast.text);
  shown.set([...others, { ...toast, id }].slice(-MOST));
  if (toast.kind === 'done') setTimeout(() => close(id), STAYS_MS);
}

/** Shows an error of a request: the sentence of the API, and the id of the request. */
export function showError(error: unknown): void {
  const { sentence, requestId } = errorText(error);
  showToast({ kind: 'error', text: sentence, requestId });
}

function close(id: number): void {
  shown.set(shown.get().filter((toast) => toast.id !== id));
}

/** Shows the messages. Stands once in the shell. */
export function ToastHost() {
  const toasts = useStored(shown);
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const host = ref.current;
    if (host === null || toasts.length === 0) return undefined;
    // Shown again, it lies over a dialog that was opened since.
    host.showPopover();
    return () => host.hidePopover();
  }, [toasts]);
  return (
    <div
      ref={ref}
      popover="manual"
      role="status"
      className="fixed inset-auto right-4 bottom-16 m-0 w-96 max-w-[calc(100vw-32px)] overflow-visible bg-transparent p-0 text-ink wide:bottom-16"
    >
      <ul className="flex flex-col gap-2">
        {toasts.map((toast) => (
          <Message key={toast.id} toast={toast} />
        ))}
      </ul>
    </div>
  );
}

function Message({ toast: { id, kind, text, requestId, action } }: { toast: ShownToast }) {
  const words = useWords(partsWords);
  const isError = kind === 'error';
  return (
    <li className="popped flex items-start gap-2 rounded-panel border border-line bg-raised py-2 pr-2 pl-3 shadow-float">
      <Icon name={isError ? 'warning' : 'check'} className={classNames('mt-1.5', isError ? 'text-bad' : 'text-ok')} />
      <div className="min-w-0 grow py-1">
        <p className="break-words">{text}</p>
        {isError && typeof requestId === 'string' && (
          <p className="mt-0.5 flex items-center gap-1 text-label text-mute">
            <code className="min-w-0 truncate text-label">{requestId}</code>
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
            close(id);
          }}
        >
          {action.label}
        </Button>
      )}
      <IconButton icon="cross" label={words.close} onClick={() => close(id)} />
    </li>
  );
}
