import type { en } from '../en/parts.ts';

/** Sätze der Bausteine. */
export const de = {
  answerLacks: (field) => `In der Antwort der Engine fehlt \`${field}\`.`,
  cancel: 'Abbrechen',
  close: 'Schließen',
  copied: 'Kopiert',
  copy: 'Kopieren',
  request: 'Anfrage',
  copyRequestId: 'Kennung der Anfrage kopieren',
  failed: 'Das hat nicht geklappt',
  forbidden: 'Das dürfen Sie nicht sehen',
  needsRole: (role) => `Dazu ist die Rolle ${role} nötig.`,
  noConnection: 'Keine Antwort von llamactl',
  whenBack: 'Die Seite macht weiter, sobald llamactl wieder antwortet.',
  notFound: 'Hier ist nichts',
  toInstances: 'Zu den Instanzen',
  tryAgain: 'Erneut versuchen',
  youAre: (username, role) =>
    username === null ? `Ihre Rolle ist ${role}.` : `Sie sind ${username} mit der Rolle ${role}.`,
  statuses: {
    stopped: 'gestoppt',
    starting: 'startet',
    running: 'läuft',
    stopping: 'stoppt',
    restarting: 'startet neu',
    failed: 'gescheitert',
  },
  ago: (time) => `vor ${time}`,
  memory: {
    perDevice: (device, need, free) => `${device}: braucht ${need}, ${free} frei`,
    perDeviceBeyond: (device, need, free, total) =>
      `${device}: braucht ${need}; memory.overcommit erlaubt ${free} von ${total}`,
    weights: (size) => `Gewichte ${size}`,
    cache: (size) => `Cache ${size}`,
    compute: (size) => `Puffer ${size}`,
    reserve: (size) => `Programm und Reserve ${size}`,
  },
  editor: {
    tab: 'Tab rückt ein; Escape, dann Tab verlässt das Feld.',
    keys: 'F8 führt zum nächsten Fehler.',
    offers: 'Strg+Leertaste schlägt Schlüssel vor.',
    atLine: (line, message) => `Zeile ${line}: ${message}`,
    more: (count) => (count === 1 ? 'Noch ein Fehler' : `${count} weitere Fehler`),
    phrases: {
      Completions: 'Schlüssel',
      Diagnostics: 'Fehler',
      'Control character': 'Steuerzeichen',
      'Selection deleted': 'Auswahl gelöscht',
    },
  },
  keys: { control: 'Strg', command: '⌘' },
} satisfies typeof en;
