import { useCallback, useMemo, useState } from 'react';

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

/** Keeps a selection. Rows that are gone leave it. @param names The rows of the list; `null`: not loaded yet. */
export function useSelection(names: readonly string[] | null): Selection {
  const [state, setState] = useState(NOTHING);
  const selected = useMemo(() => {
    const known = new Set(names ?? []);
    const left = [...state.selected].filter((name) => known.has(name));
    return left.length === state.selected.size ? state.selected : new Set(left);
  }, [state.selected, names]);
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
