import { isRecord } from './record.ts';

/** A program whose files people bring to llamactl. */
interface Neighbour {
  /** The file, as a noun. */
  file: string;
  /** The documentation page that compares the settings of this format with ours. */
  page: string;
  /** The command that takes the file over; left out: none does. */
  command?: string;
  /** @param values The outermost map of the file. */
  isOf: (values: Record<string, unknown>) => boolean;
}

const GO_INSTANCE: Neighbour = {
  file: 'an instance of the Go llamactl',
  page: 'from-go-llamactl',
  command: 'llamactl import go-llamactl FILE',
  // The file of one instance, or a record of the API of the Go llamactl.
  isOf: (values) => isGoSettings(values) || (isRecord(values['options']) && isGoSettings(values['options'])),
};

const NEIGHBOURS: readonly Neighbour[] = [
  {
    file: 'a configuration of llama-swap',
    page: 'from-llama-swap',
    command: 'llamactl import llama-swap FILE',
    isOf: ({ models }) => isRecord(models) && Object.values(models).some((model) => isRecord(model) && 'cmd' in model),
  },
  GO_INSTANCE,
  {
    file: 'a configuration of the Go llamactl',
    page: 'from-go-llamactl',
    command: 'llamactl import go-llamactl FILE',
    isOf: isGoConfiguration,
  },
  {
    file: 'a model configuration of LocalAI',
    page: 'from-localai',
    isOf: ({ backend, parameters, name }) =>
      (typeof backend === 'string' && typeof name === 'string') ||
      (isRecord(parameters) && typeof parameters['model'] === 'string'),
  },
];

/**
 * Whether a file is a configuration of the Go llamactl. One with `engines` is being rewritten for this llamactl: errors
 * with the place of each wrong key then help more.
 */
export function isGoConfiguration(values: Record<string, unknown>): boolean {
  if (values['engines'] !== undefined) return false;
  return Object.entries(values).some(([section, content]) => {
    if (GO_SECTIONS.has(section)) return isRecord(content);
    return isRecord(content) && Object.keys(content).some((key) => GO_KEYS.has(`${section}.${key}`));
  });
}

function isGoSettings(values: Record<string, unknown>): boolean {
  return 'backend_type' in values || 'backend_options' in values;
}

/** Sections that only a configuration of the Go llamactl has. */
const GO_SECTIONS: ReadonlySet<string> = new Set(['backends', 'database', 'nodes']);
/** Keys that only its sections have. */
const GO_KEYS: ReadonlySet<string> = new Set([
  'instances.configs_dir',
  'instances.default_auto_restart',
  'instances.default_idle_timeout',
  'instances.default_max_restarts',
  'instances.default_on_demand_start',
  'instances.default_restart_delay',
  'instances.enable_lru_eviction',
  'instances.max_instances',
  'instances.max_running_instances',
  'instances.on_demand_start_timeout',
  'instances.timeout_check_interval',
  'auth.inference_keys',
  'auth.management_keys',
  'auth.require_inference_auth',
  'auth.require_management_auth',
  'server.allowed_headers',
  'server.enable_swagger',
]);

/** Instructions of a Modelfile that no other file begins with. */
const WITHOUT_FROM =
  /^\uFEFF?(?:[^\S\n]*(?:#[^\n]*)?\n)*[^\S\n]*(?:SYSTEM[ \t]+\S|PARAMETER[ \t]+\w+[ \t]+\S|TEMPLATE[ \t]+"|ADAPTER[ \t]+\S|MESSAGE[ \t]+(?:system|user|assistant)[ \t])/;

/** A Modelfile begins with `FROM`, after comments. Each repetition takes one line, so the time is linear in the text. */
const MODELFILE = /^\uFEFF?(?:[^\S\n]*(?:#[^\n]*)?\n)*[^\S\n]*FROM[ \t]+\S/i;

/**
 * Recognises a file of another program, which is no file of llamactl. Returns the end of a sentence about the file, without
 * a full stop; `null`: no known format. Never recognises a configuration or a fleet of llamactl.
 *
 * @param text The whole file.
 * @param values The file, parsed as YAML or JSON; of a list, the first entry is judged. `undefined`: it is neither.
 */
export function foreignFormat(text: string, values: unknown): string | null {
  const first: unknown = Array.isArray(values) ? values[0] : values;
  const neighbour = isRecord(first) ? NEIGHBOURS.find(({ isOf }) => isOf(first)) : undefined;
  if (neighbour !== undefined) return sentenceOf(neighbour);
  // Parsed as YAML, a text of several lines may look like a map with mistakes.
  return isModelfile(text)
    ? 'is a Modelfile of Ollama; to make an instance of it: llamactl create NAME --file FILE'
    : null;
}

/** As {@link foreignFormat}, for the refused settings of an instance. @param values The body of a request */
export function foreignInstance(values: unknown): string | null {
  return isRecord(values) && GO_INSTANCE.isOf(values) ? sentenceOf(GO_INSTANCE) : null;
}

/** Whether a text is a Modelfile of Ollama, by its first instruction. In small letters, only `FROM` is one. */
export function isModelfile(text: string): boolean {
  return MODELFILE.test(text) || WITHOUT_FROM.test(text);
}

function sentenceOf({ file, page, command }: Neighbour): string {
  return command === undefined
    ? `is ${file}, which llamactl does not read. docs/how-to/${page}.md lists the matching settings`
    : `is ${file}; to take it over: ${command} (docs/how-to/${page}.md)`;
}
