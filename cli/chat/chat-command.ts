import { OLLAMA_FIELDS, OLLAMA_OPTIONS } from '@llamactl/contract/ollama-options';
import { settingFault } from './chat-settings.ts';
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
  | { kind: 'mistake'; message: string };

export const CHAT_HELP = `/clear           Forget the conversation
/system TEXT     Set the system prompt; alone: show it; /system "": the instance's
/set NAME VALUE  Set a request field: temperature, max_tokens, top_p, seed …
                 /set alone: show all; /set NAME: back to the engine's default
/exit            Quit; the instance keeps running. Also Ctrl-D, or Ctrl-C twice
"""              Begin and end a text of several lines
Ctrl-C           Stop the answer`;

/** Parses an input line. Only a word of letters after the slash is a command: `/etc/fstab` is a question. */
export function chatCommand(text: string): ChatCommand {
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
      return setting(rest);
    case 'show':
      return {
        kind: 'mistake',
        message: '/set shows the settings and /system the prompt; for the instance: llamactl show NAME',
      };
    case 'load':
    case 'save':
      return { kind: 'mistake', message: 'conversations are not saved; for another model: llamactl run NAME' };
    default:
      return { kind: 'mistake', message: `unknown command /${word}; for a list: /help` };
  }
}

function setting(rest: string): ChatCommand {
  if (rest === '') return { kind: 'settings' };
  const [, name = '', value = ''] = /^([A-Za-z_][A-Za-z0-9_]*)(?:\s*=\s*|\s+|$)([^]*)$/.exec(rest) ?? [];
  if (name === '') return { kind: 'mistake', message: `${rest} is not a setting; an example: /set temperature 0.2` };
  if (name === 'system') return { kind: 'system', text: unquoted(value) };
  // Ollama's chat writes `/set parameter temperature 0.2`.
  if (name === 'parameter') return setting(value);
  const ofOllama = modeOfOllama(name, value);
  if (ofOllama !== null) return ofOllama;
  const option = OLLAMA_OPTIONS.get(name);
  if (option !== undefined) {
    return { kind: 'mistake', message: `${name} belongs to the engine: llamactl update NAME -o ${option}=N --restart` };
  }
  if (OURS.has(name)) return { kind: 'mistake', message: `${name} cannot be set here` };
  const field = OLLAMA_FIELDS.get(name);
  if (field !== undefined)
    return { kind: 'mistake', message: `${name} is called ${field} here: /set ${field} ${value}`.trimEnd() };
  const meant = value === '' ? undefined : valueOf(value);
  const fault = settingFault(name, meant);
  return fault === null ? { kind: 'set', name, value: meant } : { kind: 'mistake', message: fault };
}

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
      return { kind: 'mistake', message: 'to see statistics of each answer: llamactl run NAME --verbose' };
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
