import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { useWords } from '../../lib/language.ts';
import { newWords } from '../../words/new.ts';

/** Asks before the form is left with something that is not saved. */
export function LeaveDialog(props: { onStay: () => void; onKeep: () => void; onDiscard: () => void }) {
  const words = useWords(newWords);
  const { onStay, onKeep, onDiscard } = props;
  return (
    <Dialog
      title={words.leaveTitle}
      onClose={onStay}
      footer={
        <>
          <Button kind="danger" onClick={onDiscard}>
            {words.discard}
          </Button>
          <Button onClick={onKeep}>{words.leaveAndKeep}</Button>
          {/* Enter must lose nothing. */}
          <Button kind="primary" data-focus-first onClick={onStay}>
            {words.stay}
          </Button>
        </>
      }
    >
      {words.leaveText}
    </Dialog>
  );
}
