import { lazy, Suspense, useEffect, useMemo, useRef, useState } from 'react';
import { laterPart, MissingFloat } from '../components/later-part.tsx';
import { useWords } from '../lib/language.ts';
import { useStored } from '../lib/value-store.ts';
import { shellWords } from '../words/shell.ts';
import { type Begun, isPaletteOpen } from './palette-opening.ts';

const NOTHING: Begun = { text: '', isEntered: false };

/** It comes when it is first opened. */
const OpenPalette = lazy(laterPart(async () => (await import('./open-palette.tsx')).OpenPalette, MissingFloat));

/** Finds places, instances and commands by words. */
export function Palette() {
  const isOpen = useStored(isPaletteOpen);
  const [begun, setBegun] = useState(NOTHING);
  // Read before a field takes the focus.
  const opener = useMemo(() => (isOpen ? document.activeElement : null), [isOpen]);
  if (!isOpen) return null;
  const close = (): void => {
    setBegun(NOTHING);
    isPaletteOpen.set(false);
  };
  return (
    <Suspense fallback={<Waiting onType={setBegun} onClose={close} />}>
      <OpenPalette {...begun} opener={opener} onClose={close} />
    </Suspense>
  );
}

/** Takes the keys until the palette is here: typed letters must not be commands of the page behind. */
function Waiting({ onType, onClose }: { onType: (begun: Begun) => void; onClose: () => void }) {
  const words = useWords(shellWords);
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog ref={dialog} aria-label={words.palette} onCancel={onClose} className="mt-[12vh] bg-transparent">
      <input
        aria-label={words.paletteHint}
        className="sr-only"
        onChange={({ target }) => onType({ text: target.value, isEntered: false })}
        onKeyDown={({ key, currentTarget }) =>
          key === 'Enter' && onType({ text: currentTarget.value, isEntered: true })
        }
      />
    </dialog>
  );
}
