import type { ErrorCode } from '@llamactl/client';

/** Was ein Fehler bedeutet. Die eigenen Worte des Servers stehen danach, wenn sie mehr sagen. */
export const ERRORS: Readonly<Record<ErrorCode, string>> = {
  VALIDATION_ERROR: 'Die Eingabe ist ungültig.',
  INVALID_JSON: 'Das ist kein gültiges JSON.',
  RESERVED_OPTION: 'Diese Option setzt llamactl selbst.',
  PRIVILEGED_OPTION:
    'Diese Option kann Programme starten oder Dateien lesen. Sie braucht `security.allow_privileged: true` in der Konfigurationsdatei.',
  UNAUTHORIZED: 'Die Anmeldung fehlt oder ist unbekannt.',
  INVALID_CREDENTIALS: 'Name oder Passwort ist falsch.',
  TOKEN_EXPIRED: 'Die Anmeldung ist abgelaufen. Melden Sie sich neu an.',
  FORBIDDEN: 'Das ist hier nicht erlaubt.',
  NOT_FOUND: 'Das gibt es nicht, oder nicht mehr.',
  INSTANCE_NOT_FOUND: 'Es gibt keine Instanz mit diesem Namen.',
  METHOD_NOT_ALLOWED: 'Das geht an dieser Adresse nicht.',
  INSTANCE_EXISTS: 'Eine andere Instanz hat diesen Namen schon.',
  INSTANCE_RUNNING: 'Die Instanz läuft. Stoppen Sie sie zuerst.',
  INSTANCE_NOT_RUNNING: 'Die Instanz läuft nicht.',
  ALIAS_CONFLICT: 'Eine andere Instanz hat diesen Namen oder Alias schon.',
  PORT_CONFLICT: 'Der Port ist vergeben, oder kein Port des Bereichs ist frei.',
  PORT_IN_USE: 'Ein anderes Programm belegt den Port.',
  MODEL_NOT_FOUND: 'Die Modelldatei fehlt oder ist kein Modell.',
  MODEL_IN_USE: 'Instanzen oder Downloads benutzen dieses Modell.',
  ENGINE_NOT_FOUND: 'Das Programm der Engine fehlt oder läuft nicht.',
  AUTH_DISABLED: 'Konten sind abgeschaltet.',
  CONFIG_PINNED: 'Eine Umgebungsvariable oder eine Option des Servers legt diesen Wert fest.',
  CONFIG_READ_ONLY: 'Die Konfigurationsdatei lässt sich nicht schreiben.',
  CAPACITY_EXCEEDED: 'Kein Platz ist frei, und keiner lässt sich frei machen.',
  DOES_NOT_FIT: 'Die Instanz braucht mehr Speicher, als sie bekommen kann.',
  PRECONDITION_FAILED: 'Die Instanz wurde inzwischen anderswo geändert.',
  PAYLOAD_TOO_LARGE: 'Die Anfrage ist zu groß.',
  URI_TOO_LONG: 'Die Adresse ist zu lang.',
  UNSUPPORTED_MEDIA_TYPE: 'Dieses Format nimmt llamactl nicht an.',
  RATE_LIMITED: 'Das waren zu viele Anfragen in kurzer Zeit.',
  REQUEST_CANCELLED: 'Ein Operator hat die Anfrage abgebrochen.',
  INTERNAL_ERROR: 'In llamactl ist etwas schiefgegangen. Das Log des Servers weiß mehr.',
  START_FAILED: 'Die Engine wurde nicht bereit.',
  HUB_ERROR: 'Die Quelle der Modelle hat nicht oder nicht brauchbar geantwortet.',
  SHUTTING_DOWN: 'llamactl stoppt gerade oder startet noch.',
  DISK_FULL: 'Auf der Platte ist kein Platz für das Modell.',
};

/** Mit der Zeit, nach der es wieder geht. */
export const LATER: Readonly<Partial<Record<ErrorCode, (time: string) => string>>> = {
  RATE_LIMITED: (time) => `${ERRORS.RATE_LIMITED} In ${time} geht es weiter.`,
  SHUTTING_DOWN: (time) => `${ERRORS.SHUTTING_DOWN} Versuchen Sie es in ${time} noch einmal.`,
};

/** Errors of which the German sentence says all. */
export const WHOLE_ERRORS: ReadonlySet<string> = new Set<ErrorCode>([
  'UNAUTHORIZED',
  'INVALID_CREDENTIALS',
  'TOKEN_EXPIRED',
  'INSTANCE_NOT_FOUND',
  'PRECONDITION_FAILED',
  'AUTH_DISABLED',
  'SHUTTING_DOWN',
  'REQUEST_CANCELLED',
]);
