import { useEffect, useRef, useState, type ReactNode } from 'react';
import { useWords } from '../lib/language.ts';
import { ErrorSentence } from './server-sentence.tsx';
import { partsWords } from '../words/parts.ts';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';

interface FormDialogProps {
  title: ReactNode;
  /** The verb on the main button. */
  submit: string;
  /** Pixels; default that of {@link Dialog}. */
  width?: number;
  /** Without it, neither the button nor Enter submits. */
  canSubmit?: boolean;
  isPending?: boolean;
  /** Why the last try failed. */
  error?: Error | null;
  /** Called for the main button, and for Enter in a field. */
  onSubmit: () => void;
  onClose: () => void;
  /** The fields. */
  children: ReactNode;
}

/**
 * A form as a modal window. It stays open until the caller removes it. A refused try shows its mistake: it focuses the
 * first field that is `aria-invalid`, or the first control of a part with `data-mistake`.
 */
export function FormDialog(props: FormDialogProps) {
  const {
    title,
    submit,
    width,
    canSubmit = true,
    isPending = false,
    error = null,
    onSubmit,
    onClose,
    children,
  } = props;
  const words = useWords(partsWords);
  const form = useRef<HTMLFormElement>(null);
  const [tries, setTries] = useState(0);
  const submitOnce = (): void => {
    onSubmit();
    setTries(tries + 1);
  };
  useEffect(() => {
    if (tries > 0 || error !== null) showMistake(form.current);
  }, [tries, error]);
  return (
    <Dialog
      title={title}
      onClose={onClose}
      {...(width === undefined ? {} : { width })}
      footer={
        <>
          <Button onClick={onClose}>{words.cancel}</Button>
          <Button kind="primary" disabled={!canSubmit} isPending={isPending} onClick={submitOnce}>
            {submit}
          </Button>
        </>
      }
    >
      <form
        ref={form}
        className="flex flex-col gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          if (canSubmit && !isPending) submitOnce();
        }}
      >
        {children}
        {error !== null && (
          <p role="alert" className="text-bad">
            <ErrorSentence error={error} />
          </p>
        )}
        {/* Without it, Enter does not submit a form of several fields. */}
        <button type="submit" hidden aria-hidden tabIndex={-1} />
      </form>
    </Dialog>
  );
}

const CONTROLS = 'input:not(:disabled), select:not(:disabled), textarea:not(:disabled), button:not(:disabled)';

/** Brings the first mistake of a form into view, and focuses its control; else the sentence of the last try. */
function showMistake(form: HTMLFormElement | null): void {
  const mistake = form?.querySelector<HTMLElement>('[aria-invalid], [data-mistake]');
  const control = mistake?.matches(CONTROLS) === true ? mistake : mistake?.querySelector<HTMLElement>(CONTROLS);
  control?.focus({ preventScroll: true });
  (mistake ?? form?.querySelector('[role=alert]'))?.scrollIntoView({ block: 'center' });
}
