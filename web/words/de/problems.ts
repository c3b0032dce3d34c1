import type { PhraseKind } from '@llamactl/client';
import type { Texts } from './reasons.ts';

/** Arten von Sätzen über ein Feld. Der Name des Felds steht davor. */
type ProblemKind = Extract<
  PhraseKind,
  | 'model_path_missing'
  | 'name_taken'
  | 'names_instance'
  | 'ports_used_up'
  | 'port_taken'
  | 'bad_name'
  | 'required'
  | 'unknown_setting'
  | 'wrong_type'
  | 'too_small'
  | 'too_large'
  | 'reserved_setting'
  | 'privileged_setting'
  | 'unknown_option'
  | 'option_of_ollama'
  | 'same_option'
  | 'removed_option'
  | 'needs_value'
  | 'needs_number'
  | 'needs_switch'
  | 'value_not_allowed'
>;

/** Was an einer Eingabe falsch ist. */
export const PROBLEMS: Readonly<Record<ProblemKind, Texts>> = {
  model_path_missing: 'fehlt: Wählen Sie ein Modell oder den Pfad seiner Datei',
  name_taken: 'Eine Instanz namens {name} gibt es schon; wählen Sie einen anderen Namen',
  names_instance: '{name} nennt schon die Instanz {instance}; wählen Sie etwas anderes',
  ports_used_up: 'Kein Port des Bereichs ist mehr frei',
  port_taken: 'Der Port {port} gehört schon zu: {holder}; wählen Sie einen anderen, oder lassen Sie ihn weg',
  bad_name: 'beginnt mit einem Buchstaben oder einer Ziffer und hat höchstens 63 Buchstaben, Ziffern und . _ -',
  required: 'fehlt',
  unknown_setting: ['ist nicht bekannt; meinten Sie {meant}?', 'ist nicht bekannt'],
  wrong_type: 'muss {type} sein',
  too_small: 'muss mindestens {least} sein',
  too_large: 'darf höchstens {most} sein',
  reserved_setting: 'legt llamactl fest oder lässt es nicht zu.',
  privileged_setting: 'braucht `security.allow_privileged: true` in der Konfigurationsdatei.',
  unknown_option: [
    'ist keine Option dieser Engine; meinten Sie `{meant}`?',
    'ist keine Option dieser Engine; `{replacement}` ersetzt sie',
    'ist keine Option dieser Engine',
  ],
  option_of_ollama: 'ist ein Parameter von Ollama, zu dem es hier keinen gibt',
  same_option: 'ist dieselbe Option wie `{option}`; geben Sie nur eine davon an',
  removed_option: 'gibt es in dieser Engine nicht mehr.',
  needs_value: 'braucht einen Wert: {placeholder}',
  needs_number: ['braucht eine Zahl oder {words}, nicht „{value}“', 'braucht eine Zahl, nicht „{value}“'],
  needs_switch: 'ist ein Schalter: Geben Sie true oder false an',
  value_not_allowed: '„{value}“ geht nicht; möglich sind {allowed}',
};

/** Problems of which the German sentence leaves out what the server's own words say. */
export const PARTLY: ReadonlySet<PhraseKind> = new Set(['reserved_setting', 'privileged_setting', 'removed_option']);
