import type { Catalogue } from '../lib/language.ts';
import { de } from './de/requests.ts';
import { en } from './en/requests.ts';

/** Sentences of the page of requests. */
export const requestsWords: Catalogue<typeof en> = { en, de };
