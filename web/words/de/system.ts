import type { en } from '../en/system.ts';

export const de = {
  title: 'System',
  note: (host, uptime) => `${host} · läuft seit ${uptime}`,
  reload: 'llamactl neu laden',
  reloadTip: 'Liest die Konfiguration neu. Keine Instanz hält an.',

  alerts: 'Warnungen',
  noAlerts: 'Keine Warnung',
  alertColumns: { alert: 'Warnung', since: 'Seit' },

  machine: 'Maschine',
  cpu: 'CPU',
  memory: 'RAM',
  disk: 'Platte',
  cores: (count) => (count === 1 ? '1 Kern' : `${count} Kerne`),
  ofTotal: (used, total) => `${used} von ${total}`,
  free: (size) => `${size} frei`,

  gpus: 'GPUs',
  noGpu: 'Kein GPU-Werkzeug in PATH (nvidia-smi, amd-smi, rocm-smi).',
  otherPrograms: 'andere Programme',
  gpuMemoryUnknown: 'Ihr Speicher wird nicht gemeldet.',
  load: (percent) => `Last ${percent}`,

  history: 'Verlauf',
  window: 'Zeit, die die Diagramme zeigen',
  windows: { '15m': '15 min', '1h': '1 h', '6h': '6 h', '24h': '24 h' },
  charts: {
    cpu: 'CPU',
    memory: 'RAM',
    disk: 'Platte',
    gpuMemory: 'GPU-Speicher',
    gpuLoad: 'GPU-Last',
    tokens: 'Tokens/s aller Instanzen',
    requests: 'Anfragen je Minute',
    waiting: 'Meiste wartende Anfragen',
  },
  noHistory: 'In dieser Zeit wurde nichts gemessen.',

  engines: 'Engines',
  engineColumns: { engine: 'Engine', version: 'Version', devices: 'Geräte', program: 'Programm' },
  onlyCpu: 'CPU',
  unknown: 'unbekannt',
  ownCommand: 'Jede Instanz nennt ihren eigenen Befehl.',

  disks: 'Platten',
  folders: { data: 'Daten von llamactl', models: 'Modelle' },
  folderUnknown: 'Den Ordner gibt es noch nicht.',

  server: 'llamactl',
  open: 'öffnen',
  facts: {
    version: 'Version',
    commit: 'Commit',
    built: 'Gebaut',
    address: 'Adresse',
    gateway: 'Für Programme',
    host: 'Rechner',
    system: 'System',
    processor: 'Prozessor',
    memory: 'Speicher',
    reference: 'API-Referenz',
  },
} satisfies typeof en;
