import type { Alert } from '@llamactl/client';
import type { de } from './alerts.ts';

interface Subject {
  /** Leer: die ganze Maschine. */
  instance: string;
  level: Alert['level'];
}

/** Was eine Warnung bedeutet. Die eigenen Worte des Servers stehen danach, wenn sie mehr sagen. */
export const ALERTS: Readonly<Record<keyof typeof de.titles, (subject: Subject) => string>> = {
  disk_space_low: ({ level }) =>
    `Die Platte von data_dir ist ${level === 'error' ? 'voll oder gleich voll' : 'fast voll'}. Engines laufen weiter, aber Logs verlieren Zeilen, und Änderungen lassen sich nicht speichern; schaffen Sie Platz.`,
  data_dir_lost: () => 'Der Server hat sein Datenverzeichnis oder eine Datei darin verloren.',
  memory_low: () =>
    'Der Arbeitsspeicher ist fast verbraucht. Ist er voll, beendet das System Prozesse, zuerst Engines; stoppen Sie eine Instanz, oder geben Sie einer ein kleineres Modell oder weniger Kontext.',
  gpu_memory_low: ({ instance }) =>
    `Der GPU-Speicher reicht nicht für ${instance}. Stoppen Sie eine Instanz, die ihn benutzt, oder nehmen Sie weniger Schichten, weniger Kontext oder ein kleineres Modell.`,
  gpu_offload_short: ({ instance }) =>
    `${instance} benutzt die GPU weniger als verlangt; den Rest rechnet der Prozessor, was langsamer ist.`,
  instance_failed: ({ instance }) => `${instance} ist gescheitert.`,
  crash_loop: ({ instance }) => `${instance} stürzt immer wieder ab.`,
  port_clash: ({ instance }) => `Ein anderes Programm belegt den Port von ${instance}.`,
  download_disk_full: () =>
    'Für einen Download fehlt Platz auf der Platte. Er geht von selbst weiter, sobald Platz ist.',
  store_failed: () =>
    'Änderungen lassen sich nicht in data_dir speichern, und ein Neustart von llamactl würde sie vergessen. Engines laufen weiter; llamactl versucht es jede Sekunde.',
  log_rotation_failed: ({ instance }) => `Das Log von ${instance} lässt sich nicht kürzen, oder es verlor Zeilen.`,
  process_survives_kill: ({ instance }) =>
    `Ein Prozess von ${instance} endet auch mit SIGKILL nicht; Port und Platz bleiben so lange belegt.`,
  stray_process: () => 'Ein verwaister Prozess einer Instanz lief noch; llamactl beendet ihn.',
  alert_undelivered: () => 'Warnungen erreichen einen Empfänger nicht.',
  starts_blocked: () =>
    'Anfragen scheitern, weil ihre Instanzen nicht starten können. Die Liste der Instanzen und llamactl doctor sagen, warum.',
  login_lockout: () =>
    'Anmeldungen scheitern immer wieder und müssen eine Minute oder länger warten. Das Protokoll sagt, woher sie kommen.',
};

/** Warnungen, deren deutscher Satz alles sagt. */
export const WHOLE_ALERTS: ReadonlySet<string> = new Set<keyof typeof de.titles>([
  'disk_space_low',
  'memory_low',
  'login_lockout',
  'starts_blocked',
  'stray_process',
]);
