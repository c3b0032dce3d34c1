import type { Catalogue } from '../lib/language.ts';
import { de } from './de/downloads.ts';
import { en } from './en/downloads.ts';

/** Sentences of the bar of downloads. Apart from those of the page of models, which do not come with the first page. */
export const downloadsWords: Catalogue<typeof en> = { en, de };
