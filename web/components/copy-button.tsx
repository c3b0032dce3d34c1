import { useEffect, useState } from 'react';
import { copyText } from '../lib/clipboard.ts';
import { useWords } from '../lib/language.ts';
import { partsWords } from '../words/parts.ts';
import { Button } from './button.tsx';
import { IconButton } from './icon-button.tsx';

interface CopyButtonProps {
  /** The text to copy. */
  text: string;
  /** Its name; default "Copy". */
  label?: string;
  /** Whether the button has words. */
  hasWords?: boolean;
  /** Whether its dialog begins here. */
  isFirst?: boolean;
  /** Called after each copy. */
  onCopied?: (() => void) | undefined;
}

/** Milliseconds that the button says "Copied". */
const SAYS_MS = 1_500;

/** Copies a text, and says so. */
export function CopyButton({ text, label, hasWords = false, isFirst = false, onCopied }: CopyButtonProps) {
  const words = useWords(partsWords);
  const [copies, setCopies] = useState(0);
  useEffect(() => {
    if (copies === 0) return undefined;
    const timer = setTimeout(() => setCopies(0), SAYS_MS);
    return () => clearTimeout(timer);
  }, [copies]);
  const copy = async (): Promise<void> => {
    if (!(await copyText(text))) return;
    setCopies((count) => count + 1);
    onCopied?.();
  };
  const isCopied = copies > 0;
  const name = isCopied ? words.copied : (label ?? words.copy);
  const icon = isCopied ? 'check' : 'copy';
  return hasWords ? (
    <Button size="small" icon={icon} data-focus-first={isFirst || undefined} onClick={() => void copy()}>
      {name}
    </Button>
  ) : (
    <IconButton icon={icon} label={name} onClick={() => void copy()} />
  );
}
