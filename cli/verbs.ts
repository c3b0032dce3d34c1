import type { UntaggedNames, Verb } from './command-line.ts';

const SERVER = 'The server:';
const INSTANCES = 'Instances:';
const WATCHING = 'Watching:';
const FLEET = 'All at once:';
const ACCESS = 'Access:';

/** Every verb, in the order of the help. Each is loaded when it is used. */
export const VERBS: readonly Verb[] = [
  {
    name: 'quickstart',
    summary: 'Install an engine and a model, and start chatting',
    group: SERVER,
    load: async () => (await import('./commands/quickstart.ts')).quickstartCommand,
  },
  {
    name: 'up',
    summary: 'Start a server in the background',
    group: SERVER,
    load: async () => (await import('./commands/up.ts')).upCommand,
  },
  {
    name: 'down',
    summary: 'Stop the server; engines keep running',
    group: SERVER,
    load: async () => (await import('./commands/down.ts')).downCommand,
  },
  {
    name: 'serve',
    summary: 'Run the server in the foreground',
    group: SERVER,
    load: async () => (await import('./commands/serve.ts')).serveCommand,
  },
  {
    name: 'reload',
    summary: 'Restart the server without dropping requests',
    group: SERVER,
    load: async () => (await import('./commands/reload.ts')).reloadCommand,
  },
  {
    name: 'service',
    summary: 'Run the server as a service of systemd or launchd',
    group: SERVER,
    load: async () => (await import('./commands/service.ts')).serviceCommand,
  },
  {
    name: 'status',
    summary: 'Show the server, the machine, and instances by state',
    group: SERVER,
    load: async () => (await import('./commands/status.ts')).statusCommand,
  },
  {
    name: 'doctor',
    summary: 'Find problems and suggest fixes',
    group: SERVER,
    load: async () => (await import('./commands/doctor.ts')).doctorCommand,
  },
  {
    name: 'config',
    summary: 'Show or change the configuration',
    group: SERVER,
    load: async () => (await import('./commands/config.ts')).configCommand,
  },
  {
    name: 'version',
    summary: 'Print the version',
    group: SERVER,
    load: async () => (await import('./commands/version.ts')).versionCommand,
  },
  {
    name: 'ps',
    aliases: ['ls'],
    summary: 'List instances',
    group: INSTANCES,
    load: async () => (await import('./commands/ps.ts')).psCommand,
  },
  {
    name: 'create',
    summary: 'Create an instance',
    group: INSTANCES,
    load: async () => (await import('./commands/create.ts')).createCommand,
  },
  {
    name: 'show',
    aliases: ['inspect'],
    summary: 'Show everything about an instance',
    group: INSTANCES,
    load: async () => (await import('./commands/show.ts')).showCommand,
  },
  {
    name: 'update',
    aliases: ['set'],
    summary: 'Change settings of an instance',
    group: INSTANCES,
    load: async () => (await import('./commands/update.ts')).updateCommand,
  },
  {
    name: 'edit',
    summary: 'Change settings of an instance in an editor',
    group: INSTANCES,
    load: async () => (await import('./commands/edit.ts')).editCommand,
  },
  {
    name: 'rename',
    summary: 'Give an instance another name',
    group: INSTANCES,
    load: async () => (await import('./commands/rename.ts')).renameCommand,
  },
  {
    name: 'cp',
    summary: 'Create an instance with the settings of another',
    group: INSTANCES,
    load: async () => (await import('./commands/cp.ts')).cpCommand,
  },
  {
    name: 'start',
    summary: 'Start instances',
    group: INSTANCES,
    load: async () => (await import('./commands/start.ts')).startCommand,
  },
  {
    name: 'stop',
    summary: 'Stop instances; requests in flight may finish first',
    group: INSTANCES,
    load: async () => (await import('./commands/stop.ts')).stopCommand,
  },
  {
    name: 'restart',
    summary: 'Stop and start instances',
    group: INSTANCES,
    load: async () => (await import('./commands/restart.ts')).restartCommand,
  },
  {
    name: 'wait',
    summary: 'Wait until instances run, have stopped or are healthy',
    group: INSTANCES,
    load: async () => (await import('./commands/wait.ts')).waitCommand,
  },
  {
    name: 'rm',
    aliases: ['delete'],
    summary: 'Delete instances',
    group: INSTANCES,
    load: async () => (await import('./commands/rm.ts')).rmCommand,
  },
  {
    name: 'run',
    summary: 'Chat with a model; create and start its instance if needed',
    group: INSTANCES,
    load: async () => (await import('./commands/run.ts')).runCommand,
  },
  {
    name: 'pull',
    summary: 'Download a model',
    group: INSTANCES,
    load: async () => (await import('./commands/pull.ts')).pullCommand,
  },
  {
    name: 'models',
    summary: 'List and explain the model files of the server, or search the hub',
    group: INSTANCES,
    load: async () => (await import('./commands/models.ts')).modelsCommand,
  },
  {
    name: 'estimate',
    summary: 'Estimate the memory of a model, and whether it fits',
    group: INSTANCES,
    load: async () => (await import('./commands/estimate.ts')).estimateCommand,
  },
  {
    name: 'options',
    summary: 'Search and explain the options of an engine',
    group: INSTANCES,
    load: async () => (await import('./commands/options.ts')).optionsCommand,
  },
  {
    name: 'logs',
    summary: 'Show the output of instances',
    group: WATCHING,
    load: async () => (await import('./commands/logs.ts')).logsCommand,
  },
  {
    name: 'stats',
    summary: 'Show CPU, memory and GPU usage of instances',
    group: WATCHING,
    load: async () => (await import('./commands/stats.ts')).statsCommand,
  },
  {
    name: 'top',
    summary: 'Watch CPU, memory and GPU usage of instances',
    group: WATCHING,
    load: async () => (await import('./commands/stats.ts')).topCommand,
  },
  {
    name: 'health',
    summary: 'Check whether engines answer',
    group: WATCHING,
    load: async () => (await import('./commands/health.ts')).healthCommand,
  },
  {
    name: 'why',
    summary: 'Explain the state of an instance',
    group: WATCHING,
    load: async () => (await import('./commands/why.ts')).whyCommand,
  },
  {
    name: 'requests',
    summary: 'List requests in flight and recent ones',
    group: WATCHING,
    load: async () => (await import('./commands/requests.ts')).requestsCommand,
  },
  {
    name: 'events',
    summary: 'Follow events as they happen',
    group: WATCHING,
    load: async () => (await import('./commands/events.ts')).eventsCommand,
  },
  {
    name: 'alerts',
    summary: 'List alerts, test notifications',
    group: WATCHING,
    load: async () => (await import('./commands/alerts.ts')).alertsCommand,
  },
  {
    name: 'apply',
    summary: 'Create and change instances to match a file',
    group: FLEET,
    load: async () => (await import('./commands/apply.ts')).applyCommand,
  },
  {
    name: 'diff',
    summary: 'Show what apply would change',
    group: FLEET,
    load: async () => (await import('./commands/diff.ts')).diffCommand,
  },
  {
    name: 'export',
    summary: 'Save all instances to a file (apply reads it)',
    group: FLEET,
    load: async () => (await import('./commands/export.ts')).exportCommand,
  },
  {
    name: 'import',
    summary: 'Take over models or instances of another program',
    group: FLEET,
    load: async () => (await import('./commands/import.ts')).importCommand,
  },
  {
    name: 'backup',
    summary: 'Save everything to one file',
    group: FLEET,
    load: async () => (await import('./commands/backup.ts')).backupCommand,
  },
  {
    name: 'restore',
    summary: 'Restore a backup',
    group: FLEET,
    load: async () => (await import('./commands/restore.ts')).restoreCommand,
  },
  {
    name: 'login',
    summary: 'Log in to a server',
    group: ACCESS,
    load: async () => (await import('./commands/login.ts')).loginCommand,
  },
  {
    name: 'logout',
    summary: 'Log out',
    group: ACCESS,
    load: async () => (await import('./commands/logout.ts')).logoutCommand,
  },
  {
    name: 'token',
    summary: 'Print a fresh token of the log-in',
    group: ACCESS,
    load: async () => (await import('./commands/token.ts')).tokenCommand,
  },
  {
    name: 'sessions',
    summary: 'List or end your log-ins',
    group: ACCESS,
    load: async () => (await import('./commands/sessions.ts')).sessionsCommand,
  },
  {
    name: 'context',
    summary: 'Manage named servers',
    group: ACCESS,
    load: async () => (await import('./commands/context.ts')).contextCommand,
  },
  {
    name: 'users',
    summary: 'Manage accounts',
    group: ACCESS,
    load: async () => (await import('./commands/users.ts')).usersCommand,
  },
  {
    name: 'keys',
    summary: 'Manage API keys for programs',
    group: ACCESS,
    load: async () => (await import('./commands/keys.ts')).keysCommand,
  },
  {
    name: 'usage',
    summary: 'Show requests and tokens by key, account or instance',
    group: ACCESS,
    load: async () => (await import('./commands/usage.ts')).usageCommand,
  },
  {
    name: 'audit',
    summary: 'Show the audit trail',
    group: ACCESS,
    load: async () => (await import('./commands/audit.ts')).auditCommand,
  },
  {
    name: 'completion',
    summary: 'Print shell completions for bash, zsh or fish',
    group: SERVER,
    load: async () => (await import('./commands/completion.ts')).completionCommand,
  },
];

/** Loads what it needs only for a word with the tag that Ollama adds. */
export const untaggedNames: UntaggedNames = async (session, command, words) => {
  if (!words.some((word) => word.endsWith(':latest'))) return words;
  const { namesMeant } = await import('./instances/untagged-names.ts');
  return namesMeant(session, command, words);
};
