import type { ReactNode } from 'react';
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

/** A form as a modal window. It stays open until the caller removes it. */
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
  return (
    <Dialog
      title={title}
      onClose={onClose}
      {...(width === undefined ? {} : { width })}
      footer={
        <>
          <Button onClick={onClose}>{words.cancel}</Button>
          <Button kind="primary" disabled={!canSubmit} isPending={isPending} onClick={onSubmit}>
            {submit}
          </Button>
        </>
      }
    >
      <form
        className="flex flex-col gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          if (canSubmit && !isPending) onSubmit();
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
