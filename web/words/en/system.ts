/** Sentences of the page of the machine. */
export const en = {
  title: 'System',
  note: (host: string, uptime: string) => `${host} · up ${uptime}`,
  reload: 'Reload llamactl',
  reloadTip: 'Reads the configuration again. No instance stops.',

  alerts: 'Alerts',
  noAlerts: 'No alert',
  alertColumns: { alert: 'Alert', since: 'For' },

  machine: 'Machine',
  cpu: 'CPU',
  memory: 'RAM',
  disk: 'Disk',
  cores: (count: number) => (count === 1 ? '1 core' : `${count} cores`),
  ofTotal: (used: string, total: string) => `${used} of ${total}`,
  free: (size: string) => `${size} free`,

  gpus: 'GPUs',
  noGpu: 'No GPU tool on PATH (nvidia-smi, amd-smi, rocm-smi).',
  otherPrograms: 'other programs',
  gpuMemoryUnknown: 'Its memory is not reported.',
  load: (percent: string) => `load ${percent}`,

  history: 'History',
  window: 'Time that the charts show',
  windows: { '15m': '15 min', '1h': '1 h', '6h': '6 h', '24h': '24 h' },
  charts: {
    cpu: 'CPU',
    memory: 'RAM',
    disk: 'Disk',
    gpuMemory: 'GPU memory',
    gpuLoad: 'GPU load',
    tokens: 'Tokens/s of all instances',
    requests: 'Requests a minute',
    waiting: 'Most requests waiting',
  },
  noHistory: 'Nothing was measured in this time.',

  engines: 'Engines',
  engineColumns: { engine: 'Engine', version: 'Version', devices: 'Devices', program: 'Program' },
  onlyCpu: 'CPU',
  unknown: 'unknown',
  ownCommand: 'Each instance gives its own command.',

  disks: 'Disks',
  folders: { data: 'Data of llamactl', models: 'Models' },
  folderUnknown: 'The folder does not exist yet.',

  server: 'llamactl',
  facts: {
    version: 'Version',
    commit: 'Commit',
    built: 'Built',
    address: 'Address',
    gateway: 'For programs',
    host: 'Host',
    system: 'System',
    processor: 'Processor',
    memory: 'Memory',
    reference: 'API reference',
  },
};
