import { ollamaParameter } from '@llamactl/contract/ollama-options';
import { RequestDefaultsSchema, SystemPromptSchema } from '@llamactl/contract/request-additions';
import type { ModelDetails } from '@llamactl/contract/model';
import { z } from 'zod';
import { jsonOf, textOf } from './small-files.ts';

/** Files beside the weights of a model of Ollama, absolute; `null`: its manifest names none. */
export interface OllamaLayers {
  /** The system prompt, as text. */
  system: string | null;
  /** Parameters, as a JSON object. */
  params: string | null;
  /** Messages, as a JSON list. */
  messages: string | null;
  /** Texts. */
  licenses: readonly string[];
}

/** The layers of a model that is none of Ollama. */
export const NO_LAYERS: OllamaLayers = { system: null, params: null, messages: null, licenses: [] };

type LayerFacts = Pick<
  ModelDetails,
  'system_prompt' | 'request_defaults' | 'other_parameters' | 'messages' | 'license'
>;

/** Limits for files that may contain anything. */
const MOST_PARAMETERS = 100;
const MOST_MESSAGES = 100;
const MOST_LICENSES = 10;

/** Reads the layers as settings of an instance. A file that is missing or damaged counts as empty. */
export async function readLayers({ system, params, messages, licenses }: OllamaLayers): Promise<LayerFacts> {
  const text = system === null ? '' : ((await textOf(system)) ?? '').trim();
  const prompt = SystemPromptSchema.min(1).safeParse(text);
  const read = RequestDefaultsSchema.safeParse(params === null ? {} : await jsonOf(params));
  const defaults: LayerFacts['request_defaults'] = {};
  const others: LayerFacts['other_parameters'] = {};
  for (const [name, value] of Object.entries(read.data ?? {}).slice(0, MOST_PARAMETERS)) {
    const parameter = ollamaParameter(name, value);
    if (parameter !== null && 'field' in parameter && parameter.value !== null) defaults[parameter.field] = value;
    else others[name] = value;
  }
  const begun = messages === null ? [] : messagesIn((await textOf(messages)) ?? '');
  const texts = await Promise.all(licenses.slice(0, MOST_LICENSES).map((file) => textOf(file)));
  const license = texts.filter((each) => each !== null).join('\n\n');
  return {
    system_prompt: prompt.data ?? null,
    request_defaults: defaults,
    other_parameters: others,
    ...(begun.length === 0 ? {} : { messages: begun }),
    ...(license === '' ? {} : { license }),
  };
}

const MessagesSchema = z.array(z.object({ role: z.string(), content: z.string() }));

/** Empty: the text is no list of messages. */
function messagesIn(text: string): z.infer<typeof MessagesSchema> {
  try {
    return MessagesSchema.safeParse(JSON.parse(text)).data?.slice(0, MOST_MESSAGES) ?? [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}
