import { choiceOf, textOf, type RawSearch } from '../../lib/search-parameters.ts';

export const SETTINGS_TABS = ['configuration', 'fleet'] as const;

/** The tab and the search of the page, as the URL has them. */
export interface SettingsSearch {
  /** Default `configuration`. */
  tab?: (typeof SETTINGS_TABS)[number] | undefined;
  q?: string | undefined;
  /** The key that is brought into view, dotted. */
  field?: string | undefined;
}

export function settingsSearch(raw: RawSearch): SettingsSearch {
  return { tab: choiceOf(raw['tab'], SETTINGS_TABS), q: textOf(raw['q']), field: textOf(raw['field']) };
}
