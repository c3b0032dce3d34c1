import type { Catalogue } from '../lib/language.ts';
import { de } from './de/alerts.ts';
import { en } from './en/alerts.ts';

/** Words for alerts. */
export const alertWords: Catalogue<typeof en> = { en, de };
