import type { Catalogue } from '../lib/language.ts';
import { de } from './de/chart.ts';
import { en } from './en/chart.ts';

/** Sentences of charts. */
export const chartWords: Catalogue<typeof en> = { en, de };
