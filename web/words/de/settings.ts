import type { en } from '../en/settings.ts';

export const de = {
  title: 'Einstellungen',
  tabs: { configuration: 'Konfiguration', fleet: 'Flotte' },
  tabList: 'Arten der Einstellungen',
  file: (path) => `Gespeichert in ${path}`,
  noFile: 'Keine Konfigurationsdatei: Die Werte sind Vorgaben, Variablen und Optionen. Speichern legt die Datei an.',
  problem: 'Die Konfigurationsdatei ist unbrauchbar. Dies sind die Werte, mit denen llamactl läuft.',
  sections: {
    general: 'Allgemein',
    server: 'Server',
    auth: 'Konten',
    security: 'Sicherheit',
    rate_limit: 'Häufigkeit der Anfragen',
    instances: 'Instanzen',
    groups: 'Gruppen',
    memory: 'Speicher',
    presets: 'Voreinstellungen',
    engines: 'Engines',
    models: 'Modelle',
    logs: 'Protokolle',
    contexts: 'Gesicherte Kontexte',
    stats: 'Messwerte',
    gateway: 'Gateway',
    alerts: 'Alarme',
  },
  search: 'Einstellungen suchen',
  noMatch: 'Keine Einstellung passt',
  from: {
    default: 'Vorgabe',
    file: (line) => (line === null ? 'Datei' : `Datei, Zeile ${line}`),
    environment: (name) => `Variable ${name}`,
    flag: (name) => `Option ${name}`,
  },
  locked: 'Hier nicht zu ändern',
  pending: 'wartet auf ein Neuladen',
  keptByReload: 'wartet auf einen Neustart von llamactl',
  withoutEffect: 'ohne Wirkung in dieser Version',
  on: 'an',
  off: 'aus',
  toDefault: 'Vorgabe',
  toDefaultLong: (name) => `${name} auf die Vorgabe setzen`,
  secretHint: 'Ein Wert ist gesetzt. Er wird nie gezeigt.',
  notes: {
    'Instances of the group that may run at the same time; 0: no limit.':
      'Instanzen der Gruppe, die zugleich laufen dürfen; 0: keine Grenze.',
    'While one of the group runs, no others do, except pinned ones.':
      'Läuft eine der Gruppe, laufen keine anderen, außer angehefteten.',
    'Instances of the group are never stopped for others, nor because they are idle.':
      'Instanzen der Gruppe stoppen nie für andere, und nie, weil sie untätig sind.',
    'Program: a name on PATH, or a path.': 'Programm: ein Name auf dem PATH, oder ein Pfad.',
    'Arguments before those of the instance.': 'Argumente vor denen der Instanz.',
    'Variables in addition to those that engines inherit.': 'Variablen zusätzlich zu denen, die Engines erben.',
    'Port of the API and the gateway.': 'Port der API und des Gateways.',
    'Path under which everything answers, for a reverse proxy that passes it on.':
      'Pfad, unter dem alles antwortet, für einen Reverse-Proxy, der ihn weitergibt.',
    'URL under which browsers reach llamactl, if not http://host:port.':
      'URL, unter der Browser llamactl erreichen, wenn nicht http://host:port.',
    'More origins, such as https://chat.example.com, whose pages may use the API.':
      'Weitere Ursprünge, etwa https://chat.example.com, deren Seiten die API benutzen dürfen.',
    'Addresses of reverse proxies whose X-Forwarded-For is trusted.':
      'Adressen von Reverse-Proxys, deren X-Forwarded-For gilt.',
    'Accounts and keys; off: every caller is an administrator.':
      'Konten und Schlüssel; aus: Jeder Aufrufer ist Administrator.',
    'How long a token lasts without a refresh: seconds, or a number with s, m, h or d.':
      'Wie lange ein Token ohne Erneuerung gilt: Sekunden, oder eine Zahl mit s, m, h oder d.',
    'How long a log-in lasts with refreshes: seconds, or a number with s, m, h or d.':
      'Wie lange eine Anmeldung mit Erneuerungen gilt: Sekunden, oder eine Zahl mit s, m, h oder d.',
    'Whether /v1 needs a key while accounts are on.': 'Ob /v1 einen Schlüssel braucht, solange Konten an sind.',
    'Limit requests to the API, per caller.': 'Begrenzt die Anfragen an die API, je Aufrufer.',
    'Ordinary requests per minute.': 'Gewöhnliche Anfragen je Minute.',
    'Expensive requests per minute: start, restart, apply, download, log-in.':
      'Teure Anfragen je Minute: Start, Neustart, Anwenden, Download, Anmeldung.',
    'Instances that may run at the same time; 0: no limit.':
      'Wie viele Instanzen zugleich laufen dürfen; 0: keine Grenze.',
    'Seconds without a request after which an instance stops; 0: never. An instance can override it.':
      'Sekunden ohne Anfrage, nach denen eine Instanz stoppt; 0: nie. Eine Instanz kann es anders festlegen.',
    'Restart an engine that was ready and died. An instance can override it.':
      'Startet eine Engine neu, die bereit war und starb. Eine Instanz kann es anders festlegen.',
    'Restarts in a row before an instance counts as failed; -1: no limit.':
      'Neustarts in Folge, bevor eine Instanz als gescheitert gilt; -1: keine Grenze.',
    'Groups of instances that share a limit, by name.':
      'Gruppen von Instanzen mit einer gemeinsamen Grenze, nach Namen.',
    'Most MiB of the device for all instances together. Not set: all but reserve_mb.':
      'Die meisten MiB des Geräts für alle Instanzen zusammen. Nicht gesetzt: alles außer reserve_mb.',
    'Limits of devices by name (ram, nvidia:0) or UUID (GPU-…): limit_mb, the most MiB for all instances together.':
      'Grenzen von Geräten nach Namen (ram, nvidia:0) oder UUID (GPU-…): limit_mb, die meisten MiB für alle Instanzen zusammen.',
    'Values for the requests of instances that name the preset, by name.':
      'Werte für die Anfragen der Instanzen, die die Vorgabe nennen, nach Namen.',
    'Folders in which to look for model files.': 'Ordner, in denen nach Modelldateien gesucht wird.',
    "Scan the cache of Hugging Face's programs for models.":
      'Durchsucht den Cache der Programme von Hugging Face nach Modellen.',
    'Scan the older cache of llama.cpp.': 'Durchsucht den älteren Cache von llama.cpp.',
    'Scan the models of Ollama.': 'Durchsucht die Modelle von Ollama.',
    'Scan the models of LM Studio.': 'Durchsucht die Modelle von LM Studio.',
    'Server on which models are searched, and from which they are downloaded.':
      'Server, auf dem Modelle gesucht und von dem sie heruntergeladen werden.',
    'Token for models that need one; only hf_endpoint gets it. Empty: HF_TOKEN, or the log-in of hf auth login.':
      'Token für Modelle, die eines brauchen; nur hf_endpoint bekommt es. Leer: HF_TOKEN, oder die Anmeldung von hf auth login.',
    'ModelScope, for references that begin with ms:.': 'ModelScope, für Referenzen, die mit ms: beginnen.',
    'The registry of Ollama, for references that begin with ollama:.':
      'Die Registry von Ollama, für Referenzen, die mit ollama: beginnen.',
    'The registry of Docker Hub, for references that begin with docker:.':
      'Die Registry von Docker Hub, für Referenzen, die mit docker: beginnen.',
    'Megabytes at which the log of an engine is rotated.': 'Megabyte, ab denen das Log einer Engine rotiert.',
    'Megabytes of all kept logs of one instance.': 'Megabyte aller aufgehobenen Logs einer Instanz.',
    'Megabytes of all saved contexts; the oldest are removed first. 0: none is saved.':
      'Megabyte aller gespeicherten Kontexte; die ältesten gehen zuerst. 0: keiner wird gespeichert.',
    'Seconds between two measurements of running engines.': 'Sekunden zwischen zwei Messungen laufender Engines.',
    'Seconds between the comments that keep a stream open while it waits for its model; 0: none.':
      'Sekunden zwischen den Kommentaren, die einen Strom offen halten, der auf sein Modell wartet; 0: keine.',
    'List aliases in GET /v1/models too.': 'Nennt in GET /v1/models auch weitere Namen.',
    'MiB for request bodies that are read to find their model.':
      'MiB für die Inhalte von Anfragen, die gelesen werden, um ihr Modell zu finden.',
    'Requests to /v1 at once from one client address without an account; 0: no limit.':
      'Anfragen an /v1 zugleich von einer Adresse ohne Konto; 0: keine Grenze.',
    'Requests to /v1 in any 60 seconds from one client address without an account; 0: no limit.':
      'Anfragen an /v1 in je 60 Sekunden von einer Adresse ohne Konto; 0: keine Grenze.',
    'Tokens in any 60 seconds for one client address without an account; 0: no limit.':
      'Tokens in je 60 Sekunden für eine Adresse ohne Konto; 0: keine Grenze.',
    'URL to which alerts are posted.': 'URL, an die Warnmeldungen gehen.',
    'Program to run for each alert, with its arguments.':
      'Programm, das bei jeder Warnmeldung läuft, mit seinen Argumenten.',
    'Address to listen on; any other than loopback requires auth.enabled.':
      'Adresse, auf der llamactl lauscht; jede andere als Loopback verlangt auth.enabled.',
    'More host names under which browsers may reach llamactl.':
      'Weitere Hostnamen, unter denen Browser llamactl erreichen dürfen.',
    'State, logs and secrets; mode 0700.': 'Zustand, Logs und Geheimnisse; Modus 0700.',
    'Allow options that run code or read files, and any environment variable; let requests change engines.*, alerts.command, data_dir, models.dirs and models.cache_dir. Only from the file.':
      'Erlaubt Optionen, die Code ausführen oder Dateien lesen, und jede Umgebungsvariable; Anfragen dürfen dann engines.*, alerts.command, data_dir, models.dirs und models.cache_dir ändern. Nur aus der Datei.',
    'Ports for instances without a `port`.': 'Ports für Instanzen ohne `port`.',
    'Seconds without any progress (output, memory, CPU time, bytes read) after which a start fails.':
      'Sekunden ohne jeden Fortschritt (Ausgabe, Speicher, CPU-Zeit, gelesene Bytes), nach denen ein Start scheitert.',
    'How many seconds in-flight requests may take to finish.':
      'Wie viele Sekunden laufende Anfragen haben, um fertig zu werden.',
    'auto: a start waits until the memory that it needs is free; off: memory limits no start.':
      'auto: Ein Start wartet, bis der Speicher frei ist, den er braucht; off: Speicher begrenzt keinen Start.',
    'MiB of each device for other programs.': 'MiB jedes Geräts für andere Programme.',
    'Factor of the memory of each device.': 'Faktor für den Speicher jedes Geräts.',
    'Folder for downloads, in the layout of the Hugging Face cache. Empty: that cache itself.':
      'Ordner für Downloads, aufgebaut wie der Cache von Hugging Face. Leer: dieser Cache selbst.',
    'Megabytes per second of all downloads; 0: no limit.': 'Megabyte je Sekunde aller Downloads; 0: keine Grenze.',
  },
  groupsText: 'Instanzen einer Gruppe teilen ihre Grenzen. Eine Instanz nennt ihre Gruppe in ihren Einstellungen.',
  noGroup:
    'Noch keine Gruppe. Instanzen einer Gruppe teilen Grenzen: wie viele von ihnen zugleich laufen, und neben welchen anderen.',
  group: (name) => `Gruppe ${name}`,
  addGroup: 'Gruppe hinzufügen',
  addIt: 'Hinzufügen',
  groupName: 'Name',
  groupNameHint: 'Instanzen nennen ihn in ihrer Einstellung group.',
  groupNameFlaws: {
    long: 'Darf höchstens 63 Zeichen haben.',
    dot: 'Darf keinen Punkt haben.',
    space: 'Darf kein Leerzeichen haben.',
    taken: 'Eine Gruppe dieses Namens gibt es schon.',
  },
  groupAdded: 'neu',
  groupRemoved: 'entfernt',
  removeGroup: (name) => `Gruppe ${name} entfernen`,
  keepGroup: 'Behalten',
  unusedGroup: 'keine Instanz benutzt sie',
  usedBy: 'benutzt von',
  moreInstances: (count) => `und ${count} weiteren`,
  listHint: 'Ein Eintrag je Zeile.',
  durationHint: 'Sekunden oder eine Zeit wie 15m.',
  mapHint: 'Als JSON.',
  notNumber: 'Muss eine Zahl sein.',
  notDuration: 'Muss eine Zahl von Sekunden oder eine Zeit wie 15m sein.',
  notList: 'Muss eine Liste von Zahlen sein.',
  notMap: 'Muss ein Objekt in JSON sein.',
  notWhole: 'Muss eine ganze Zahl sein.',
  notPath: 'Muss mit / beginnen.',
  notUrl: 'Muss eine URL sein, etwa https://ai.example.com.',
  outside: (least, most) =>
    most === null
      ? `Muss mindestens ${least ?? 0} sein.`
      : least === null
        ? `Darf höchstens ${most} sein.`
        : `Muss von ${least} bis ${most} sein.`,
  changes: (count) => (count === 1 ? '1 Änderung' : `${count} Änderungen`),
  discard: 'Verwerfen',
  diff: 'Änderungen zeigen',
  save: 'Speichern',
  saveAndReload: 'Speichern und neu laden',
  saved: 'Die Einstellungen sind gespeichert.',
  savedAndReloaded: 'Die Einstellungen sind gespeichert, und llamactl lädt neu. Keine Instanz stoppt.',
  reload: 'llamactl neu laden',
  reloadHint: (keys) => `Gespeicherte Einstellungen warten auf ein Neuladen: ${keys}`,
  restartHint: (keys) => `Gespeicherte Einstellungen warten auf einen Neustart von llamactl: ${keys}`,
  before: 'Jetzt',
  after: 'Danach',
  leaveTitle: 'Ohne Speichern verlassen?',
  leave: 'Verlassen',
  leaveText: 'Die Änderungen auf dieser Seite gehen verloren.',

  exportTitle: 'Export',
  exportText:
    'Alle Instanzen mit ihren Einstellungen als eine Datei. Sie enthält die Umgebung der Instanzen, in der Geheimnisse stehen können.',
  exportButton: 'instances.yaml herunterladen',
  importTitle: 'Import',
  importText:
    'Fügen Sie eine Flottendatei ein, oder wählen Sie eine. Nichts ändert sich, bevor Sie die Schritte gesehen haben.',
  importLabel: 'Flottendatei, YAML oder JSON',
  choose: 'Datei wählen',
  prune: 'Instanzen entfernen, die die Datei nicht nennt',
  plan: 'Schritte zeigen',
  apply: (count) => (count === 1 ? '1 Schritt ausführen' : `${count} Schritte ausführen`),
  nothing: 'Nichts würde sich ändern.',
  applied: 'Die Datei ist angewandt.',
  steps: 'Schritte',
  stepColumns: { name: 'Instanz', action: 'Schritt', changes: 'Einstellungen', note: 'Hinweis' },
  removeTitle: (count) => (count === 1 ? '1 Instanz entfernen?' : `${count} Instanzen entfernen?`),
  removeText:
    'Ihre Einstellungen und Protokolle werden gelöscht; laufende werden zuvor gestoppt. Das lässt sich nicht rückgängig machen.',
  stepFailed: 'gescheitert',
  done: {
    create: 'angelegt',
    change: 'geändert',
    restart: 'geändert, startet neu',
    nothing: 'unverändert',
    remove: 'entfernt',
  },
  actions: { create: 'anlegen', change: 'ändern', restart: 'neu starten', nothing: 'nichts', remove: 'entfernen' },
} satisfies typeof en;
