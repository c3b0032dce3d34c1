import { OLLAMA_ALONE, OLLAMA_FIELDS, OLLAMA_OPTIONS } from '@llamactl/contract/ollama-options';
import { shellQuoted } from '../../format/shell-words.ts';
import { settingFault } from './chat-settings.ts';
import type { ShownPart } from './shown-part.ts';
import { thinkingFields, thinkingOf } from './thinking.ts';

/** A parsed input line of the chat. */
export type ChatCommand =
  | { kind: 'nothing' }
  | { kind: 'question'; text: string }
  | { kind: 'help' }
  | { kind: 'clear' }
  | { kind: 'exit' }
  /** `null`: show the current text. Empty: remove it. */
  | { kind: 'system'; text: string | null }
  | { kind: 'settings' }
  /** `undefined`: back to the engine's default. */
  | { kind: 'set'; name: string; value: unknown }
  | { kind: 'show'; part: ShownPart }
  /** Whether to print figures after each answer. */
  | { kind: 'verbose'; isOn: boolean }
  | { kind: 'mistake'; message: string };

export const CHAT_HELP = `/clear           Forget the conversation
/system TEXT     Set the system prompt; alone: show it; /system "": the instance's
/set NAME VALUE  Set a request field: temperature, max_tokens, top_p, seed …
                 /set alone: show all; /set NAME: back to the engine's default
                 /set verbose, /set quiet: figures after each answer, or none
/show PART       Show the system prompt or the parameters in use
/exit, /bye      Quit; the instance keeps running. Also Ctrl-D, or Ctrl-C twice
"""              Begin and end a text of several lines, also after /system
Ctrl-C           Stop the answer`;

/**
 * Parses an input line. Only a word of letters after the slash is a command: `/etc/fstab` is a question.
 *
 * @param name Of the instance, for commands in messages.
 */
export function chatCommand(text: string, name: string): ChatCommand {
  const trimmed = text.trim();
  if (trimmed === '') return { kind: 'nothing' };
  const [, word = '', rest = ''] = /^\/([a-z?]+)(?:\s+([^]*))?$/.exec(trimmed) ?? [];
  if (word === '') return { kind: 'question', text: trimmed };
  switch (word) {
    case 'help':
    case '?':
      return { kind: 'help' };
    case 'clear':
      return { kind: 'clear' };
    case 'exit':
    case 'quit':
    case 'bye':
      return { kind: 'exit' };
    case 'system':
      return { kind: 'system', text: rest === '' ? null : unquoted(rest) };
    case 'set':
      return setting(rest, name);
    case 'show':
      return shown(rest, name);
    case 'load': {
      const model = rest === '' ? 'NAME' : shellQuoted(rest);
      return {
        kind: 'mistake',
        message: `conversations are not saved; for another model: /exit, then llamactl run ${model}`,
      };
    }
    case 'save': {
      const copy = rest === '' ? 'NEW' : shellQuoted(rest);
      return {
        kind: 'mistake',
        message: `conversations are not saved; for a copy of the instance: llamactl cp ${name} ${copy}`,
      };
    }
    default:
      return { kind: 'mistake', message: `unknown command /${word}; for a list: /help` };
  }
}

/** `/show` of Ollama's chat. */
function shown(part: string, name: string): ChatCommand {
  switch (part) {
    case 'system':
    case 'parameters':
      return { kind: 'show', part };
    case 'info':
      return { kind: 'mistake', message: `for all about the instance: llamactl show ${name}` };
    case 'modelfile':
    case 'template':
    case 'license':
      return { kind: 'mistake', message: `for the ${part}: llamactl show ${name} --${part}` };
    default:
      return {
        kind: 'mistake',
        message: `/show system and /show parameters exist; for the instance: llamactl show ${name}`,
      };
  }
}

function setting(rest: string, instance: string): ChatCommand {
  if (rest === '') return { kind: 'settings' };
  const [, name = '', value = ''] = /^([A-Za-z_][A-Za-z0-9_]*)(?:\s*=\s*|\s+|$)([^]*)$/.exec(rest) ?? [];
  if (name === '') return { kind: 'mistake', message: `${rest} is not a setting; an example: /set temperature 0.2` };
  if (name === 'system') return { kind: 'system', text: value === '' ? null : unquoted(value) };
  // Ollama's chat writes `/set parameter temperature 0.2`.
  if (name === 'parameter') {
    const [, stops = '['] = /^stop\s+([^]+)$/.exec(value) ?? [];
    return stops.startsWith('[') ? setting(value, instance) : stopsOf(stops);
  }
  const ofOllama = modeOfOllama(name, value);
  if (ofOllama !== null) return ofOllama;
  const option = OLLAMA_OPTIONS.get(name);
  if (option !== undefined) {
    const number = /^\d+$/.test(value) ? value : 'N';
    const update = `llamactl update ${instance} -o ${option}=${number} --restart`;
    return { kind: 'mistake', message: `${name} belongs to the engine: ${update}` };
  }
  if (OURS.has(name)) return { kind: 'mistake', message: `${name} cannot be set here` };
  if (OLLAMA_ALONE.has(name)) return { kind: 'mistake', message: `${name} has no counterpart here` };
  const field = OLLAMA_FIELDS.get(name) ?? name;
  const given = value === '' ? undefined : valueOf(value);
  // As in Ollama, -1 is no limit, also if the instance has one.
  const meant = field === LIMIT && given === -1 ? null : given;
  const fault = settingFault(field, meant, name);
  return fault === null ? { kind: 'set', name: field, value: meant } : { kind: 'mistake', message: fault };
}

/** The stops of Ollama's chat: words, or texts in quotes, which are read as in a Modelfile. */
function stopsOf(text: string): ChatCommand {
  const stops = [...text.matchAll(/"([^"]*)"(?=\s|$)|([^\s"]\S*)|(")/g)];
  if (stops.some(([, , , open]) => open !== undefined))
    return { kind: 'mistake', message: 'the quotes of a stop are not closed; an example: /set parameter stop "A B" C' };
  return { kind: 'set', name: 'stop', value: stops.map(([, quoted, word]) => quoted ?? word ?? '') };
}

/** The field with the most tokens of an answer. In a request, `null` is no limit. */
const LIMIT = 'max_tokens';

/** `/set` of Ollama's chat for things that are no fields of requests. `null`: it is none of them. */
function modeOfOllama(name: string, value: string): ChatCommand | null {
  switch (name) {
    case 'think':
    case 'nothink': {
      const mode = name === 'nothink' ? false : value === '' ? true : thinkingOf(value);
      if (mode === null) return { kind: 'mistake', message: `think ${value} is unknown; give low, medium or high` };
      return { kind: 'set', name: 'chat_template_kwargs', value: thinkingFields(mode)['chat_template_kwargs'] };
    }
    case 'format':
      return value === 'json'
        ? { kind: 'set', name: 'response_format', value: { type: 'json_object' } }
        : { kind: 'mistake', message: 'for answers in JSON: /set format json; for a schema: /set response_format {…}' };
    case 'noformat':
      return { kind: 'set', name: 'response_format', value: undefined };
    case 'verbose':
    case 'quiet':
      return { kind: 'verbose', isOn: name === 'verbose' };
    case 'history':
    case 'nohistory':
    case 'wordwrap':
    case 'nowordwrap':
      return { kind: 'mistake', message: `${name} does not exist here; for the settings: /set` };
    default:
      return null;
  }
}

/** Fields that the chat sets in each request. */
const OURS: ReadonlySet<string> = new Set(['model', 'messages', 'stream', 'stream_options']);

/** Parses JSON, else returns the text. */
function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function unquoted(text: string): string {
  return /^"([^]*)"$/.exec(text)?.[1] ?? text;
}
