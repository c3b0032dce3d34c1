import type { en } from '../en/why.ts';
import { CAUSES } from './causes.ts';

/** Sätze um Erklärungen und ihre Schritte. */
export const de = {
  ask: 'Warum?',
  startAgain: 'Erneut starten',
  title: 'Warum',
  cause: (cause) => CAUSES[cause],
  evidence: 'Belege',
  showLine: 'Die Zeile zeigen',
  thenStart: (label) => `${label}, dann starten`,
  thenRestart: (label) => `${label}, dann neu starten`,
  tried: (label) => `„${label}“: versucht, wieder gescheitert`,
} satisfies typeof en;
