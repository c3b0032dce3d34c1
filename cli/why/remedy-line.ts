import type { JsonValue, Remedy } from '@llamactl/client';
import { shellQuoted } from '../../format/shell-words.ts';

type Body = NonNullable<Remedy['body']>;

/** Words of a command line; `null`: the command line cannot do it. */
type Words = readonly string[] | null;

/** A remedy as one line: the step, and the command for it. @param name Of the instance. */
export function remedyLine(name: string, remedy: Remedy): string {
  const { command, operation, link, body = {} } = remedy;
  if (remedy.tried === true) return `${remedy.label}: tried, it failed again`;
  const { label } = remedy;
  const words = operation === undefined ? wordsOfLink(name, link ?? '') : wordsOf(name, operation, body);
  const shown = command ?? words?.join(' ') ?? null;
  if (shown !== null) return `${label}: ${shown}`;
  const [, key] = /^configuration\/(.+)$/.exec(link ?? '') ?? [];
  return key === undefined ? label : `${label}: ${key} in the configuration`;
}

function wordsOf(name: string, operation: NonNullable<Remedy['operation']>, body: Body): Words {
  switch (operation) {
    case 'updateInstance':
      return updateWords(name, body);
    case 'startInstance':
      return ['llamactl', 'start', name];
    case 'stopInstance':
      return ['llamactl', 'stop', name, ...(body['force'] === true ? ['--force'] : [])];
    case 'restartInstance':
      return ['llamactl', 'restart', name];
    case 'stopAllInstances':
      return ['llamactl', 'stop', ...[body['names'] ?? []].flat().map(textOf)];
  }
}

function updateWords(name: string, body: Body): Words {
  const changes = Object.entries(body).flatMap(([key, value]) => {
    if (key !== 'options' || value === null || typeof value !== 'object') return changeWords(key, value);
    return Object.entries(value).flatMap(([option, given]) =>
      given === null ? ['--unset', `options.${option}`] : ['-o', shellQuoted(`${option}=${textOf(given)}`)],
    );
  });
  return ['llamactl', 'update', name, ...changes];
}

function changeWords(key: string, value: JsonValue): string[] {
  // A change has no other settings beside the arguments, so they are the last words.
  if (key === 'extra_args') return ['--', ...[value].flat().map((word) => shellQuoted(textOf(word)))];
  return value === null ? ['--unset', key] : [`--${key.replaceAll('_', '-')}`, shellQuoted(textOf(value))];
}

function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function wordsOfLink(name: string, link: string): Words {
  const [place, field = ''] = link.split('/');
  switch (place) {
    case 'log':
      return ['llamactl', 'logs', name, '-n', '50'];
    case 'instances':
      return field === 'pinned' ? ['llamactl', 'ps', '--all'] : ['llamactl', 'stats'];
    case 'models':
      return ['llamactl', 'models'];
    case 'system':
      return ['llamactl', 'doctor'];
    case 'settings':
      return settingsWords(name, field);
    default:
      return null;
  }
}

/** The command for a setting, whose value the user knows. */
function settingsWords(name: string, field: string): Words {
  const [option] = /^options\.(.+)$/.exec(field)?.slice(1) ?? [];
  if (option !== undefined) return ['llamactl', 'update', name, '-o', `${option}=…`];
  switch (field) {
    case '':
      return ['llamactl', 'show', name];
    case 'extra_args':
      return ['llamactl', 'update', name, '--', '…'];
    case 'model':
      return ['llamactl', 'update', name, '--model', 'FILE'];
    default:
      return ['llamactl', 'update', name, `--${field.replaceAll('_', '-')}`, '…'];
  }
}
