import type { Catalogue } from '../lib/language.ts';
import { de } from './de/log-in.ts';
import { en } from './en/log-in.ts';

/** Sentences of the log-in. */
export const logInWords: Catalogue<typeof en> = { en, de };
