import type { Verb } from './command-line.ts';

const SERVER = 'The server:';
const INSTANCES = 'Instances:';
const WATCHING = 'Watching:';
const FLEET = 'All at once:';
const ACCESS = 'Access:';

/** Every verb, in the order of the help. Each is loaded when it is used. */
export const VERBS: readonly Verb[] = [
  {
    name: 'quickstart',
    summary: 'from nothing to a model that answers',
    group: SERVER,
    load: async () => (await import('./commands/quickstart.ts')).quickstartCommand,
  },
  {
    name: 'serve',
    summary: 'run the server',
    group: SERVER,
    load: async () => (await import('./commands/serve.ts')).serveCommand,
  },
  {
    name: 'reload',
    summary: 'replace the server by a new process, unnoticed',
    group: SERVER,
    load: async () => (await import('./commands/reload.ts')).reloadCommand,
  },
  {
    name: 'status',
    summary: 'the server, the machine, and how many instances are in which state',
    group: SERVER,
    load: async () => (await import('./commands/status.ts')).statusCommand,
  },
  {
    name: 'doctor',
    summary: 'look for what is wrong, and say what would help',
    group: SERVER,
    load: async () => (await import('./commands/doctor.ts')).doctorCommand,
  },
  {
    name: 'config',
    summary: 'show or change the configuration',
    group: SERVER,
    load: async () => (await import('./commands/config.ts')).configCommand,
  },
  {
    name: 'version',
    summary: 'print the version',
    group: SERVER,
    load: async () => (await import('./commands/version.ts')).versionCommand,
  },
  {
    name: 'ps',
    aliases: ['ls'],
    summary: 'list instances',
    group: INSTANCES,
    load: async () => (await import('./commands/ps.ts')).psCommand,
  },
  {
    name: 'create',
    summary: 'make an instance',
    group: INSTANCES,
    load: async () => (await import('./commands/create.ts')).createCommand,
  },
  {
    name: 'show',
    aliases: ['inspect'],
    summary: 'everything about an instance',
    group: INSTANCES,
    load: async () => (await import('./commands/show.ts')).showCommand,
  },
  {
    name: 'update',
    aliases: ['set'],
    summary: 'change settings of an instance',
    group: INSTANCES,
    load: async () => (await import('./commands/update.ts')).updateCommand,
  },
  {
    name: 'start',
    summary: 'start instances',
    group: INSTANCES,
    load: async () => (await import('./commands/start.ts')).startCommand,
  },
  {
    name: 'stop',
    summary: 'stop instances; requests under way may finish',
    group: INSTANCES,
    load: async () => (await import('./commands/stop.ts')).stopCommand,
  },
  {
    name: 'restart',
    summary: 'stop and start instances',
    group: INSTANCES,
    load: async () => (await import('./commands/restart.ts')).restartCommand,
  },
  {
    name: 'rm',
    aliases: ['delete'],
    summary: 'delete instances',
    group: INSTANCES,
    load: async () => (await import('./commands/rm.ts')).rmCommand,
  },
  {
    name: 'run',
    summary: 'chat with a model: made and started if it has to be',
    group: INSTANCES,
    load: async () => (await import('./commands/run.ts')).runCommand,
  },
  {
    name: 'logs',
    summary: 'what an instance says',
    group: WATCHING,
    load: async () => (await import('./commands/logs.ts')).logsCommand,
  },
  {
    name: 'stats',
    aliases: ['top'],
    summary: 'what running instances take',
    group: WATCHING,
    load: async () => (await import('./commands/stats.ts')).statsCommand,
  },
  {
    name: 'health',
    summary: 'ask engines whether they answer',
    group: WATCHING,
    load: async () => (await import('./commands/health.ts')).healthCommand,
  },
  {
    name: 'why',
    summary: 'why an instance is as it is, in a sentence',
    group: WATCHING,
    load: async () => (await import('./commands/why.ts')).whyCommand,
  },
  {
    name: 'requests',
    summary: 'what is asked of engines now',
    group: WATCHING,
    load: async () => (await import('./commands/requests.ts')).requestsCommand,
  },
  {
    name: 'events',
    summary: 'what happens, as it happens',
    group: WATCHING,
    load: async () => (await import('./commands/events.ts')).eventsCommand,
  },
  {
    name: 'alerts',
    summary: 'what needs attention',
    group: WATCHING,
    load: async () => (await import('./commands/alerts.ts')).alertsCommand,
  },
  {
    name: 'apply',
    summary: 'make the instances be as a file says',
    group: FLEET,
    load: async () => (await import('./commands/apply.ts')).applyCommand,
  },
  {
    name: 'export',
    summary: 'write all instances as a file for apply',
    group: FLEET,
    load: async () => (await import('./commands/export.ts')).exportCommand,
  },
  {
    name: 'backup',
    summary: 'write all that is stored into one file',
    group: FLEET,
    load: async () => (await import('./commands/backup.ts')).backupCommand,
  },
  {
    name: 'restore',
    summary: 'put a backup back',
    group: FLEET,
    load: async () => (await import('./commands/restore.ts')).restoreCommand,
  },
  {
    name: 'login',
    summary: 'log in to a server',
    group: ACCESS,
    load: async () => (await import('./commands/login.ts')).loginCommand,
  },
  {
    name: 'logout',
    summary: 'end the log-in',
    group: ACCESS,
    load: async () => (await import('./commands/logout.ts')).logoutCommand,
  },
  {
    name: 'token',
    summary: 'print the token of the log-in, renewed',
    group: ACCESS,
    load: async () => (await import('./commands/token.ts')).tokenCommand,
  },
  {
    name: 'sessions',
    summary: 'your log-ins',
    group: ACCESS,
    load: async () => (await import('./commands/sessions.ts')).sessionsCommand,
  },
  {
    name: 'context',
    summary: 'servers by name',
    group: ACCESS,
    load: async () => (await import('./commands/context.ts')).contextCommand,
  },
  {
    name: 'users',
    summary: 'accounts',
    group: ACCESS,
    load: async () => (await import('./commands/users.ts')).usersCommand,
  },
  {
    name: 'keys',
    summary: 'keys for programs',
    group: ACCESS,
    load: async () => (await import('./commands/keys.ts')).keysCommand,
  },
  {
    name: 'audit',
    summary: 'who did what',
    group: ACCESS,
    load: async () => (await import('./commands/audit.ts')).auditCommand,
  },
  {
    name: 'completion',
    summary: 'completions for bash, zsh or fish',
    group: SERVER,
    load: async () => (await import('./commands/completion.ts')).completionCommand,
  },
];
