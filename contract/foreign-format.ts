import { isRecord } from './record.ts';

/** A program whose files people bring to llamactl. */
interface Neighbour {
  /** The file, as a noun. */
  file: string;
  /** The page with its settings and ours. */
  page: string;
  /** @param values The outermost map of the file. */
  isOf: (values: Record<string, unknown>) => boolean;
}

const NEIGHBOURS: readonly Neighbour[] = [
  {
    file: 'a configuration of llama-swap',
    page: 'from-llama-swap',
    isOf: ({ models }) => isRecord(models) && Object.values(models).some((model) => isRecord(model) && 'cmd' in model),
  },
  {
    file: 'an instance of the Go llamactl',
    page: 'from-go-llamactl',
    isOf: (values) => 'backend_type' in values || 'backend_options' in values,
  },
  {
    file: 'a configuration of the Go llamactl',
    page: 'from-go-llamactl',
    // With `engines`, the file is being rewritten for this llamactl, and the place of each wrong key helps more.
    isOf: ({ backends, instances, engines }) =>
      engines === undefined &&
      (isRecord(backends) || (isRecord(instances) && Object.keys(instances).some((key) => GO_KEYS.has(key)))),
  },
  {
    file: 'a model configuration of LocalAI',
    page: 'from-localai',
    isOf: ({ backend, parameters, name }) =>
      (typeof backend === 'string' && typeof name === 'string') ||
      (isRecord(parameters) && typeof parameters['model'] === 'string'),
  },
];

/** Keys of `instances` in a configuration of the Go llamactl. */
const GO_KEYS: ReadonlySet<string> = new Set([
  'configs_dir',
  'default_auto_restart',
  'max_instances',
  'max_running_instances',
  'on_demand_start_timeout',
]);

/** A Modelfile begins with `FROM`, after comments. Each repetition takes one line, so the time is linear in the text. */
const MODELFILE = /^(?:[^\S\n]*(?:#[^\n]*)?\n)*[^\S\n]*FROM[ \t]+\S/i;

/**
 * Recognises a file of another program, which llamactl cannot read: the end of a sentence about the file, without a full
 * stop; `null`: it is none that is known. No file that llamactl can read is recognised.
 *
 * @param text The whole file.
 * @param values The file, parsed as YAML or JSON; `undefined`: it is neither.
 */
export function foreignFormat(text: string, values: unknown): string | null {
  const neighbour = isRecord(values) ? NEIGHBOURS.find(({ isOf }) => isOf(values)) : undefined;
  if (neighbour !== undefined) return sentenceOf(neighbour.file, neighbour.page);
  return !isRecord(values) && MODELFILE.test(text) ? sentenceOf('a Modelfile of Ollama', 'from-ollama') : null;
}

function sentenceOf(file: string, page: string): string {
  return `is ${file}; llamactl reads its own format. docs/how-to/${page}.md shows the same settings here`;
}
