import { choiceOf, textOf, type RawSearch } from '../../lib/search-parameters.ts';

/** The three ways to write the same settings. */
export const FORM_TABS = ['form', 'command', 'yaml'] as const;
export type FormTab = (typeof FORM_TABS)[number];

export interface EditSearch {
  tab?: FormTab | undefined;
  /** The setting whose field is brought into view, dotted: `options.ctx_size`. */
  field?: string | undefined;
}

/** Values with which a new instance begins. */
export interface NewSearch extends EditSearch {
  /** The instance whose settings it copies. */
  from?: string | undefined;
  /** A model of the library, by its id or reference. */
  model?: string | undefined;
}

export function newSearch(raw: RawSearch): NewSearch {
  return { from: textOf(raw['from']), model: textOf(raw['model']), ...editSearch(raw) };
}

export function editSearch(raw: RawSearch): EditSearch {
  return { tab: choiceOf(raw['tab'], FORM_TABS), field: textOf(raw['field']) };
}
