/** A key that was pressed, as the page names keys: `g`, `?`, `Enter`, `mod+k`, `shift+ArrowDown`. */
export interface KeyPress {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

/** Milliseconds in which the second key of a sequence has to come. */
export const SEQUENCE_MS = 1_200;

/** Returns the name of a key press. `mod` is Ctrl, or Command on a Mac. Shift counts only where it makes no other character. */
export function keyName({ key, ctrlKey, metaKey, altKey, shiftKey }: KeyPress): string {
  const name = key === ' ' ? 'Space' : key.length === 1 && (ctrlKey || metaKey) ? key.toLowerCase() : key;
  const isShiftNamed = shiftKey && name.length > 1;
  return `${ctrlKey || metaKey ? 'mod+' : ''}${altKey ? 'alt+' : ''}${isShiftNamed ? 'shift+' : ''}${name}`;
}

/** A place in sequences of keys such as `g i`. */
export interface KeyMatch<Shortcut> {
  /** The shortcut whose keys are complete; `null`: none. */
  found: Shortcut | null;
  /** The keys so far, if they begin a sequence; else empty. */
  begun: string;
}

/** Looks for the shortcut that a key completes. The last of several wins: it belongs to the innermost place. */
export function matchKey<Shortcut extends { keys: string }>(
  shortcuts: readonly Shortcut[],
  begun: string,
  key: string,
): KeyMatch<Shortcut> {
  const pressed = begun === '' ? key : `${begun} ${key}`;
  const found = shortcuts.findLast(({ keys }) => keys === pressed) ?? null;
  if (found !== null) return { found, begun: '' };
  if (shortcuts.some(({ keys }) => keys.startsWith(`${pressed} `))) return { found: null, begun: pressed };
  return begun === '' ? { found: null, begun: '' } : matchKey(shortcuts, '', key);
}
