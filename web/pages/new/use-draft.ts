import { useEffect, useReducer, useState } from 'react';
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
}

/** @param name Of the form; another form of this tab has another one. */
export function useDraft(name: string, initial: Draft): KeptDraft {
  const place = `draft.${name}`;
  const [old] = useState(() => kept(place, acceptedDraft, 'tab'));
  const [draft, dispatch] = useReducer(nextDraft, old ?? initial);
  useEffect(() => keep(place, isDirty(draft) ? draft : undefined, 'tab'), [place, draft]);
  return { draft, dispatch, wasKept: old !== undefined, forget: () => keep(place, undefined, 'tab') };
}
