import type { Cause, PhraseKind } from '@llamactl/client';

/** Names in braces stand for the data of a phrase. The first text whose data are there is taken. */
export type Texts = string | readonly [string, ...string[]];

/** Wanted ends of a run, which have no cause. */
type End = Extract<PhraseKind, 'as_asked' | 'evicted' | 'idle' | 'rebooted'>;

/** Gründe: warum eine Instanz scheiterte, nicht startet oder endete. Der letzte Text ist der kürzeste. */
export const REASONS: Readonly<Record<Cause | End, Texts>> = {
  model_missing: ['Die Datei {file} existiert nicht.', 'Die Modelldatei fehlt.'],
  model_unreadable: ['llamactl darf die Datei {file} nicht lesen.', 'Die Modelldatei ist nicht lesbar.'],
  model_damaged: ['Die Datei {file} ist beschädigt oder kein GGUF.', 'Die Modelldatei ist beschädigt.'],
  model_too_new: 'Die Engine kennt diese Art von Modell nicht.',
  wrong_file: ['Die Datei {file} ist kein Modell.', 'Die Datei ist kein Modell.'],
  port_in_use: [
    'Den Port {port} belegt {holder}.',
    'Ein anderes Programm belegt den Port {port}.',
    'Ein anderes Programm belegt den Port.',
  ],
  engine_missing: ['Das Programm {program} fehlt.', 'Das Programm der Engine fehlt oder läuft nicht.'],
  library_missing: ['Die Bibliothek {library} fehlt.', 'Der Engine fehlt eine Bibliothek.'],
  gpu_memory: 'Der Speicher der GPU reicht nicht.',
  memory: 'Der Arbeitsspeicher reicht nicht.',
  killed: 'Das System hat die Engine beendet (SIGKILL), meist weil der Speicher ausging.',
  argument: [
    'Die Engine lehnt das Argument {argument} ab.',
    'Die Variable {variable} ist nicht zulässig.',
    'Die Engine lehnt eine Option oder ein Argument ab.',
  ],
  processor: 'Die Engine ist für einen anderen Prozessor gebaut (SIGILL).',
  crash: 'Die Engine ist abgestürzt.',
  no_progress: [
    'Beim Laden war {seconds} lang kein Fortschritt zu sehen. Die Grenze ist instances.start_timeout.',
    'Beim Laden war kein Fortschritt zu sehen.',
  ],
  no_answer: 'Die Engine antwortet nicht mehr.',
  ended_by_itself: 'Die Engine hat sich von selbst beendet (Status 0).',
  does_not_fit: [
    'Sie braucht {need_bytes} von {device} und kann höchstens {most_bytes} bekommen.',
    'Sie passt nicht in den Speicher.',
  ],
  waits_for: 'Andere Instanzen müssen zuerst stoppen.',
  no_slot: 'Kein Platz ist frei: Angeheftete Instanzen belegen alle.',
  unknown: ['Die Engine endete mit Status {status}.', 'Die Ursache ist nicht bekannt.'],
  as_asked: 'Ein Benutzer oder Programm stoppte sie.',
  evicted: [
    '{instance} brauchte ihren Platz oder Speicher.',
    'Eine andere Instanz brauchte ihren Platz oder Speicher.',
  ],
  idle: ['Sie war {seconds} lang im Leerlauf (idle_timeout).', 'Sie war zu lange im Leerlauf (idle_timeout).'],
  rebooted: 'Die Maschine wurde neu gestartet.',
};

/** Reasons whose first text says all that the server's own words say. */
export const WHOLE: ReadonlySet<PhraseKind> = new Set([
  'model_missing',
  'model_unreadable',
  'port_in_use',
  'engine_missing',
  'killed',
  'processor',
  'no_progress',
  'ended_by_itself',
  'does_not_fit',
  'waits_for',
  'no_slot',
  'as_asked',
  'evicted',
  'idle',
  'rebooted',
]);
