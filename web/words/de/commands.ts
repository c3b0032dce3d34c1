import type { en } from '../en/commands.ts';

/** Sätze der Befehle an Instanzen. */
export const de = {
  start: 'Starten',
  stop: 'Stoppen',
  restart: 'Neu starten',
  edit: 'Bearbeiten',
  logs: 'Logs',
  use: 'Benutzen',
  duplicate: 'Duplizieren',
  remove: 'Löschen',
  removeDots: 'Löschen …',
  more: (name) => `Mehr zu ${name}`,
  chatWith: (name) => `Mit ${name} chatten`,
  startName: (name) => `${name} starten`,
  stopName: (name) => `${name} stoppen`,
  startGroup: (group) => `Alle der Gruppe ${group} starten`,
  stopGroup: (group) => `Alle der Gruppe ${group} stoppen`,
  busyTitle: (what) => `${what}: Anfragen laufen`,
  busyText: (requests, names) =>
    `Bei ${names} ${requests === 1 ? 'läuft eine Anfrage' : `laufen ${requests} Anfragen`}.`,
  letFinish: 'Abwarten, 30 s',
  now: 'Sofort',
  deleteTitle: (names) => `${names} löschen?`,
  deleteText: 'Einstellungen, Logs und Verlauf der Instanz werden gelöscht. Die Modelldatei bleibt.',
  deleteMany: (count) =>
    `Einstellungen, Logs und Verlauf von ${count} Instanzen werden gelöscht. Modelldateien bleiben.`,
  deleteRunning: 'Sie läuft und wird deshalb erst gestoppt.',
  deleteRunningMany: (count) =>
    count === 1 ? 'Eine davon läuft und muss erst stoppen.' : `${count} davon laufen und müssen erst stoppen.`,
  deleteStopped: (count) => (count === 1 ? 'Nur die gestoppte löschen' : `Nur die ${count} gestoppten löschen`),
  stopAndDeleteAll: (count) => `Alle ${count} stoppen und löschen`,
  stopAndDelete: 'Stoppen und löschen',
  manyNames: (count) => `${count} Instanzen`,
  stopped: (name) => `${name} ist gestoppt.`,
  stoppedMany: (count) => `${count} Instanzen sind gestoppt.`,
  madeRoom: (name, needed) => `${name} wurde gestoppt, um Platz für ${needed} zu machen.`,
  deleted: (name) => `${name} ist gelöscht.`,
  deletedMany: (count) => `${count} Instanzen sind gelöscht.`,
  startsOnDemand: 'Die nächste Anfrage startet sie.',
  startsOnDemandMany: (count, total) =>
    count === total ? 'Die nächste Anfrage startet jede davon.' : `Die nächste Anfrage startet ${count} davon.`,
  startAgain: 'Erneut starten',
  groupFull: (group, most) => `Die Gruppe ${group} erlaubt ${most} zugleich.`,
  bulkDone: (done, total) => `${done} von ${total} erledigt.`,
  bulkReason: (count, names, reason) => `${count} nicht (${names}): ${reason}`,
  bulkMore: (count) => `${count} nicht, aus anderen Gründen.`,
} satisfies typeof en;
