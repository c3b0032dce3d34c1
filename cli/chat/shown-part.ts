import type { Session } from '../command-line.ts';
import { plain } from '../screen/text.ts';
import { settingText } from './chat-settings.ts';
import type { Conversation } from './conversation.ts';

/** The parts that `/show` prints in a chat. */
export type ShownPart = 'system' | 'parameters';

/** The lines of a part: what this chat sends with each request, and what the instance adds to it. */
export async function shownPart(
  { client, signal }: Pick<Session, 'client' | 'signal'>,
  { model: name, system, settings }: Conversation,
  part: ShownPart,
): Promise<string[]> {
  if (part === 'system' && system !== '') return [plain(system, 'many lines')];
  const instance = await client.getInstance(name, { signal });
  if (part === 'system') {
    const { system_prompt: prompt = '' } = instance;
    return [prompt === '' ? 'no system prompt' : plain(prompt, 'many lines')];
  }
  const { inOllama, parametersOf } = await import('../modelfile/modelfile-of.ts');
  const ofChat = [...settings].map(([key, value]) => settingText(inOllama(key), value));
  const ofInstance = parametersOf(instance).map((line) => plain(line.replace(/^PARAMETER /, '')));
  return [
    ...(ofChat.length === 0 ? [] : ['of this chat:', ...ofChat.map((line) => `  ${line}`)]),
    ...(ofInstance.length === 0 ? [] : [`of ${name}:`, ...ofInstance.map((line) => `  ${line}`)]),
    ...(ofChat.length + ofInstance.length === 0 ? ["no parameters: using the engine's defaults"] : []),
  ];
}
