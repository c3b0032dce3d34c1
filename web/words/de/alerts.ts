import type { en } from '../en/alerts.ts';

export const de = {
  titles: {
    disk_space_low: 'Platte fast voll',
    data_dir_lost: 'Datenverzeichnis verloren',
    memory_low: 'Arbeitsspeicher fast voll',
    gpu_memory_low: 'GPU-Speicher reichte nicht',
    gpu_offload_short: 'weniger auf der GPU als verlangt',
    instance_failed: 'Instanz gescheitert',
    crash_loop: 'Instanz stürzt immer wieder ab',
    port_clash: 'Port von anderem Programm belegt',
    starts_blocked: 'Instanzen können nicht starten',
    download_disk_full: 'kein Platz für einen Download',
    store_failed: 'Änderungen lassen sich nicht speichern',
    log_rotation_failed: 'Log wächst unbegrenzt',
    process_survives_kill: 'Prozess überlebt sein Ende',
    stray_process: 'verwaister Prozess einer Instanz',
    alert_undelivered: 'Warnungen kommen nicht an',
    login_lockout: 'Anmeldungen scheitern immer wieder',
  },
  levels: { warning: 'Warnung', error: 'Fehler' },
  raised: (title) => `Warnung: ${title}`,
  cleared: (title) => `Warnung vorbei: ${title}`,
} satisfies typeof en;
