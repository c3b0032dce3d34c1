import type { Catalogue } from '../lib/language.ts';
import { de } from './de/commands.ts';
import { en } from './en/commands.ts';

/** Sentences of commands to instances. */
export const commandsWords: Catalogue<typeof en> = { en, de };
