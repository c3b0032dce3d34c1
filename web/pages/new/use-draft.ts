import { useCallback, useEffect, useReducer, useState } from 'react';
import { keep, kept } from '../../lib/browser-storage.ts';
import { acceptedDraft, isDirty, nextDraft, type Draft, type DraftAction } from './draft.ts';

/** The draft of a form, kept by this tab until it is saved. */
export interface KeptDraft {
  draft: Draft;
  dispatch: (action: DraftAction) => void;
  /** The form began with a draft of before. */
  wasKept: boolean;
  /** Forgets the kept draft. */
  forget: () => void;
  /** Keeps a draft for another form, and forgets that of this one. */
  moveTo: (name: string, draft: Draft) => void;
}

/** @param name Of the form; another form of this tab has another one. */
export function useDraft(name: string, initial: Draft): KeptDraft {
  const place = placeOf(name);
  const [old] = useState(() => kept(place, acceptedDraft, 'tab'));
  const [draft, dispatch] = useReducer(nextDraft, old ?? initial);
  useEffect(() => keep(place, isDirty(draft) ? draft : undefined, 'tab'), [place, draft]);
  const forget = useCallback(() => keep(place, undefined, 'tab'), [place]);
  const moveTo = useCallback(
    (other: string, moved: Draft) => {
      forget();
      keep(placeOf(other), isDirty(moved) ? moved : undefined, 'tab');
    },
    [forget],
  );
  return { draft, dispatch, wasKept: old !== undefined, forget, moveTo };
}

function placeOf(name: string): string {
  return `draft.${name}`;
}
