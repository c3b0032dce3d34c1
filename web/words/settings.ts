import type { Catalogue } from '../lib/language.ts';
import { de } from './de/settings.ts';
import { en } from './en/settings.ts';

/** Sentences of the page of settings. */
export const settingsWords: Catalogue<typeof en> = { en, de };
