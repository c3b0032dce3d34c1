import { useCallback, useMemo, useState } from 'react';

/** The part of a selection that is in the list; the same set if all of it is. */
export function leftOf(selected: ReadonlySet<string>, shown: readonly string[]): ReadonlySet<string> {
  if (selected.size === 0) return selected;
  const known = new Set(shown);
  const left = [...selected].filter((name) => known.has(name));
  return left.length === selected.size ? selected : new Set(left);
}

/** The chosen rows of a list. */
export interface Selection {
  selected: ReadonlySet<string>;
  /** The row where a range begins; `null`: none. */
  anchor: string | null;
  toggle: (name: string) => void;
  /** Replaces the selection. */
  select: (names: readonly string[], anchor: string | null) => void;
  clear: () => void;
}

const NOTHING: { selected: ReadonlySet<string>; anchor: string | null } = { selected: new Set(), anchor: null };

/** Keeps a selection. Rows that are gone, or that a filter hides, leave it. @param shown The rows of the list. */
export function useSelection(shown: readonly string[]): Selection {
  const [state, setState] = useState(NOTHING);
  const selected = useMemo(() => leftOf(state.selected, shown), [state.selected, shown]);
  // A command acts only on what the user sees, also after the filter is gone.
  if (selected !== state.selected) setState({ selected, anchor: state.anchor });
  const toggle = useCallback((name: string) => {
    setState((before) => {
      const next = new Set(before.selected);
      if (!next.delete(name)) next.add(name);
      return { selected: next, anchor: name };
    });
  }, []);
  const select = useCallback(
    (chosen: readonly string[], anchor: string | null) => setState({ selected: new Set(chosen), anchor }),
    [],
  );
  const clear = useCallback(() => setState(NOTHING), []);
  return { selected, anchor: state.anchor, toggle, select, clear };
}
