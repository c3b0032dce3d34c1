import type { Cause } from '@llamactl/client';

/** Ursachen in ein, zwei Wörtern. */
export const CAUSES: Readonly<Record<Cause, string>> = {
  model_missing: 'Modell fehlt',
  model_unreadable: 'Modell nicht lesbar',
  model_damaged: 'Modell beschädigt',
  model_too_new: 'Modell zu neu',
  wrong_file: 'falsche Datei',
  port_in_use: 'Port belegt',
  engine_missing: 'Engine fehlt',
  library_missing: 'Bibliothek fehlt',
  gpu_memory: 'GPU-Speicher voll',
  memory: 'Speicher voll',
  killed: 'beendet vom System',
  argument: 'Argument abgelehnt',
  processor: 'falscher Prozessor',
  crash: 'Absturz',
  no_progress: 'kein Fortschritt',
  no_answer: 'keine Antwort',
  ended_by_itself: 'von selbst beendet',
  does_not_fit: 'passt nicht',
  waits_for: 'wartet',
  no_slot: 'kein Platz',
  unknown: 'unbekannt',
};
