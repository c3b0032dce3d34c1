import { Button } from '../../components/button.tsx';
import { IconButton } from '../../components/icon-button.tsx';
import { useWords } from '../../lib/language.ts';
import { accessWords } from '../../words/access.ts';

/** The button that edits a row: a word, or on a narrow screen an icon. @param of The name of what it edits. */
export function EditButton({ of: name, onClick }: { of: string; onClick: () => void }) {
  const words = useWords(accessWords);
  return (
    <>
      <span className="hidden wide:inline-flex">
        <Button size="small" onClick={onClick}>
          {words.edit}
        </Button>
      </span>
      <span className="inline-flex wide:hidden">
        <IconButton icon="edit" label={words.editRow(name)} onClick={onClick} />
      </span>
    </>
  );
}
