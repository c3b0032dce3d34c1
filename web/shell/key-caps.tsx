import { useWords } from '../lib/language.ts';
import { partsWords } from '../words/parts.ts';

const SIGNS: Readonly<Record<string, string>> = {
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
  Enter: '⏎',
  Escape: 'Esc',
  Delete: 'Del',
  Space: '␣',
  shift: '⇧',
};

/** Keys as a keyboard shows them: `g i`, `Ctrl K`. */
export function KeyCaps({ keys }: { keys: string }) {
  const words = useWords(partsWords);
  const modifier = /mac|iphone|ipad/i.test(navigator.userAgent) ? words.keys.command : words.keys.control;
  const caps = keys
    .split(/[ +]/)
    .map((key, _at, all) =>
      key === 'mod' ? modifier : (SIGNS[key] ?? (all.includes('mod') ? key.toUpperCase() : key)),
    );
  return (
    <kbd className="inline-flex gap-1">
      {caps.map((cap, at) => (
        <span
          // oxlint-disable-next-line react/no-array-index-key -- a key may stand twice
          key={at}
          className="inline-flex h-5 min-w-5 items-center justify-center rounded-control border border-line bg-panel px-1 text-label text-mute"
        >
          {cap}
        </span>
      ))}
    </kbd>
  );
}
