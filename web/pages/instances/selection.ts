import { useCallback, useMemo, useState } from 'react';

/** The part of a selection that may stay; the same set if all of it may. */
export function leftOf(selected: ReadonlySet<string>, names: readonly string[]): ReadonlySet<string> {
  if (selected.size === 0) return selected;
  const known = new Set(names);
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

/**
 * Keeps a selection. Rows that are gone, or that a filter hides, leave it. Rows that a search hides stay, so that one can gather
 * a selection by searching.
 *
 * @param names The rows that the list has without a search.
 */
export function useSelection(names: readonly string[]): Selection {
  const [state, setState] = useState(NOTHING);
  const selected = useMemo(() => leftOf(state.selected, names), [state.selected, names]);
  // A row whose state changed leaves the filter by status; a later command must not act on it.
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
