import { useEffect, useRef } from 'react';
import { keyName, matchKey, SEQUENCE_MS } from './keys.ts';
import { ValueStore } from './value-store.ts';

/** An action that keys run. */
export interface Shortcut {
  /** As `keyName` names them; a sequence has a space: `g i`. */
  keys: string;
  /** The action, for the list of keys: "New instance". */
  label: string;
  /** `null`: the component listens itself; the key is only listed. */
  run: (() => void) | null;
  /** Whether neither the list of keys nor the palette shows it: another line names it. */
  isUnlisted?: boolean;
  /** Whether it also counts while the user types, or a dialog is open. */
  isGlobal?: boolean;
}

/** Shortcuts of one place, with its name for the list of keys. */
export interface ShortcutGroup {
  place: string;
  shortcuts: readonly Shortcut[];
}

/** The groups of all places that are on the screen now; the innermost is the last. */
export const shortcutGroups = new ValueStore<readonly ShortcutGroup[]>([]);

/** Adds shortcuts while the component is on the screen. A key that a grid or field uses itself does not arrive here. */
export function useShortcuts(place: string, shortcuts: readonly Shortcut[]): void {
  const latest = useRef(shortcuts);
  latest.current = shortcuts;
  const signature = shortcuts.map(({ keys, label, run }) => `${keys}=${label}${run === null ? '' : '!'}`).join('\n');
  useEffect(() => {
    const stable = latest.current.map((shortcut, at) => ({
      ...shortcut,
      run: shortcut.run === null ? null : () => latest.current[at]?.run?.(),
    }));
    const group = { place, shortcuts: stable };
    shortcutGroups.set([...shortcutGroups.get(), group]);
    return () => shortcutGroups.set(shortcutGroups.get().filter((each) => each !== group));
  }, [place, signature]);
}

/** Listens for the keys of all shortcuts. Call it once. */
export function listenForShortcuts(): void {
  let begun = '';
  let timer: ReturnType<typeof setTimeout> | undefined;
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || ['Control', 'Shift', 'Alt', 'Meta'].includes(event.key)) return;
    // The browser moves in a group of radio buttons.
    if (event.key.startsWith('Arrow') && isRadio(event.target)) return;
    const isBusy = isTyping(event.target) || document.querySelector('dialog[open]') !== null;
    const all = shortcutGroups
      .get()
      .flatMap(({ shortcuts }) => shortcuts)
      .filter(({ run }) => run !== null);
    const match = matchKey(isBusy ? all.filter(({ isGlobal }) => isGlobal === true) : all, begun, keyName(event));
    clearTimeout(timer);
    begun = match.begun;
    timer = setTimeout(() => (begun = ''), SEQUENCE_MS);
    if (match.found === null) return;
    event.preventDefault();
    match.found.run?.();
  });
}

const TEXT_INPUTS =
  'input:not([type="checkbox"], [type="radio"], [type="button"]), textarea, select, [contenteditable], [data-keys="own"]';

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest(`${TEXT_INPUTS}, [role="menu"]`) !== null;
}

function isRadio(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement && target.type === 'radio';
}
