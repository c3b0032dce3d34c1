import { useWords } from '../../lib/language.ts';
import { playgroundWords } from '../../words/playground.ts';

/** The thoughts of a model before its answer, folded. @param isGoing Whether they still come. */
export function Thoughts({ text, isGoing }: { text: string; isGoing: boolean }) {
  const words = useWords(playgroundWords);
  return (
    <details className="rounded-control border border-line text-mute">
      <summary className="flex h-7 items-center px-3 select-none pointer-coarse:h-11">
        {isGoing ? words.thinking : words.thoughts}
      </summary>
      <p dir="auto" className="border-t border-line px-3 py-2 whitespace-pre-wrap [overflow-wrap:anywhere]">
        {text}
      </p>
    </details>
  );
}
