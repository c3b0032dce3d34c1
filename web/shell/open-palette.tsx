import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react';
import { classNames } from '../lib/class-names.ts';
import { Icon } from '../components/icons.tsx';
import { useWords } from '../lib/language.ts';
import { movedIndex } from '../lib/rows.ts';
import { wordMatches } from '../lib/word-match.ts';
import { shellWords } from '../words/shell.ts';
import { KeyCaps } from './key-caps.tsx';
import type { Begun } from './palette-opening.ts';
import { usePaletteItems } from './palette-items.ts';
import { paletteText } from './palette-text.ts';

/** Most lines that are shown. */
const MOST = 50;

interface OpenPaletteProps extends Begun {
  /** Gets the focus at the end. */
  opener: Element | null;
  onClose: () => void;
}

/** The field of the palette, and the lines that it finds. */
export function OpenPalette({ text, isEntered, opener, onClose }: OpenPaletteProps) {
  const words = useWords(shellWords);
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const items = usePaletteItems();
  const [query, setQuery] = useState(text);
  const [at, setAt] = useState(0);
  const found = wordMatches(items, paletteText, query, MOST);
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => {
      element?.close();
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, [opener]);
  useEffect(() => {
    document.querySelector(`#${CSS.escape(`${id}-${at}`)}`)?.scrollIntoView({ block: 'nearest' });
  }, [id, at]);
  const run = (index: number): void => {
    onClose();
    // The dialog has to be gone before an action may open another one.
    setTimeout(() => found[index]?.run());
  };
  const runFirst = useRef(isEntered ? () => run(0) : null);
  useEffect(() => {
    runFirst.current?.();
    runFirst.current = null;
  }, []);
  const pressed = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') {
      event.preventDefault();
      run(at);
      return;
    }
    if (event.key.length === 1 || event.key === 'Home' || event.key === 'End') return;
    const next = movedIndex(event.key, at, found.length, 10);
    if (next === null) return;
    event.preventDefault();
    setAt(next);
  };
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions, jsx-a11y/click-events-have-key-events -- Escape closes it too
    <dialog
      ref={dialog}
      aria-label={words.palette}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={({ target, currentTarget }) => target === currentTarget && onClose()}
      className="popped mx-auto mt-[12vh] max-h-[70vh] w-[min(560px,calc(100vw-32px))] flex-col overflow-hidden rounded-panel border border-line bg-raised shadow-float backdrop:bg-scrim open:flex"
    >
      <div className="flex items-center gap-2 border-b border-line px-4">
        <Icon name="search" className="text-mute" />
        <input
          role="combobox"
          aria-label={words.paletteHint}
          aria-expanded
          aria-controls={`${id}-list`}
          aria-activedescendant={found.length > 0 ? `${id}-${at}` : undefined}
          placeholder={words.paletteHint}
          autoComplete="off"
          spellCheck={false}
          // oxlint-disable-next-line jsx-a11y/no-autofocus -- the field is all that this dialog is for
          autoFocus
          value={query}
          onChange={({ target }) => {
            setQuery(target.value);
            setAt(0);
          }}
          onKeyDown={pressed}
          className="h-12 min-w-0 grow bg-transparent text-form outline-none placeholder:text-mute"
        />
      </div>
      {found.length === 0 && <p className="px-4 py-6 text-center text-mute">{words.paletteNothing}</p>}
      <div
        role="listbox"
        id={`${id}-list`}
        aria-label={words.palette}
        className={classNames('overflow-y-auto p-1', found.length === 0 && 'hidden')}
      >
        {found.map(({ id: item, label, icon, hint, keys }, index) => (
          // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the field has the keys
          <div
            key={item}
            id={`${id}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            onClick={() => run(index)}
            onPointerMove={() => setAt(index)}
            className={classNames(
              'flex min-h-8 cursor-pointer items-center gap-2.5 rounded-control px-3 pointer-coarse:min-h-11',
              index === at && 'bg-hover',
            )}
          >
            <Icon name={icon} className="text-mute" />
            <span className="min-w-0 grow truncate">{label}</span>
            {hint !== undefined && <span className="shrink-0 text-label text-mute">{hint}</span>}
            {keys !== undefined && (
              <span className="hidden shrink-0 wide:inline">
                <KeyCaps keys={keys} />
              </span>
            )}
          </div>
        ))}
      </div>
    </dialog>
  );
}
