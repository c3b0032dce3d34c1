import { IconButton } from '../../components/icon-button.tsx';
import { useWords } from '../../lib/language.ts';
import { playgroundWords } from '../../words/playground.ts';

interface BranchSwitchProps {
  /** Ids of all branches, joined by a space. */
  branches: string;
  /** The shown one. */
  id: string;
  isBusy: boolean;
  onChoose: (id: string) => void;
}

/** Goes between the branches at one point: `‹ 2/3 ›`. With one branch there is nothing. */
export function BranchSwitch({ branches, id, isBusy, onChoose }: BranchSwitchProps) {
  const words = useWords(playgroundWords);
  const ids = branches.split(' ');
  if (ids.length < 2) return null;
  const at = ids.indexOf(id);
  const [before, after] = [ids[at - 1], ids[at + 1]];
  return (
    <span className="flex items-center text-mute">
      <IconButton
        icon="chevron-left"
        label={words.previousBranch}
        disabled={isBusy || before === undefined}
        onClick={() => before !== undefined && onChoose(before)}
      />
      <span className="figures">{words.branch(at + 1, ids.length)}</span>
      <IconButton
        icon="chevron-right"
        label={words.nextBranch}
        disabled={isBusy || after === undefined}
        onClick={() => after !== undefined && onChoose(after)}
      />
    </span>
  );
}
