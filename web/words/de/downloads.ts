import type { en } from '../en/downloads.ts';

export const de = {
  bar: 'Downloads',
  states: {
    queued: 'wartet',
    running: 'lädt',
    verifying: 'wird geprüft',
    paused: 'angehalten',
    done: 'fertig',
    failed: 'gescheitert',
    cancelled: 'abgebrochen',
  },
  progress: (done, total) => `${done} von ${total}`,
  speed: (bytes) => `${bytes}/s`,
  left: (time) => `noch ${time}`,
  stalled: 'es kommen keine Bytes',
  pause: 'Anhalten',
  resume: 'Weiter',
  cancel: 'Abbrechen',
  dismiss: 'Ausblenden',
  createAndChat: 'Anlegen und chatten',
  others: (count) => `${count} weitere`,
} satisfies typeof en;
