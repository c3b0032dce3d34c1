import type { Cause } from '@llamactl/client';

/** Sentences around explanations and their steps. */
export const en = {
  ask: 'Why?',
  startAgain: 'Start again',
  title: 'Why',
  cause: (cause: Cause) => cause.replaceAll('_', ' '),
  evidence: 'Evidence',
  showLine: 'Show the line',
  thenStart: (label: string) => `${label}, then start`,
  thenRestart: (label: string) => `${label}, then restart`,
  tried: (label: string) => `${label}: tried, it failed again`,
};
