import { choiceOf, textOf, type RawSearch } from '../../lib/search-parameters.ts';

export const MODELS_TABS = ['library', 'get'] as const;

/** Tab, searches and the open model, as the URL has them. */
export interface ModelsSearch {
  /** Default `library`. */
  tab?: (typeof MODELS_TABS)[number] | undefined;
  /** Filter of the library, or the words of a search in the hub. */
  q?: string | undefined;
  sort?: (typeof SORTED_BY)[number] | undefined;
  order?: 'up' | 'down' | undefined;
  /** The id of the model whose details are shown. */
  open?: string | undefined;
  /** The repository whose quants are shown. */
  repo?: string | undefined;
}

/** The columns by which the library can be sorted. */
export const SORTED_BY = ['name', 'parameters', 'quant', 'context', 'size', 'source', 'used'] as const;

export function modelsSearch(raw: RawSearch): ModelsSearch {
  return {
    tab: choiceOf(raw['tab'], MODELS_TABS),
    q: textOf(raw['q']),
    sort: choiceOf(raw['sort'], SORTED_BY),
    order: choiceOf(raw['order'], ['up', 'down']),
    open: textOf(raw['open']),
    repo: textOf(raw['repo']),
  };
}
