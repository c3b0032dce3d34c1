import type { ReactNode } from 'react';
import { useWords } from '../lib/language.ts';
import { partsWords } from '../words/parts.ts';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';

interface ConfirmDialogProps {
  title: ReactNode;
  /** The verb on the button: "Delete", never "OK". */
  confirm: string;
  isDanger?: boolean;
  isPending?: boolean;
  /** More ways beside the main one. */
  others?: ReactNode;
  onConfirm: () => void;
  onClose: () => void;
  children: ReactNode;
}

/** Asks before something that cannot be undone. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { title, confirm, isDanger = false, isPending = false, others, onConfirm, onClose, children } = props;
  const words = useWords(partsWords);
  return (
    <Dialog
      title={title}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{words.cancel}</Button>
          {others}
          <Button kind={isDanger ? 'danger' : 'primary'} isPending={isPending} onClick={onConfirm}>
            {confirm}
          </Button>
        </>
      }
    >
      {children}
    </Dialog>
  );
}
