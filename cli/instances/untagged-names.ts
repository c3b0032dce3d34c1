import { modelsCalled, untagged } from '@llamactl/contract/model-names';
import type { Command } from 'commander';
import type { Session } from '../command-line.ts';
import { pathName } from '../command-words.ts';
import { instanceCalled } from './named-instances.ts';

/**
 * The words of a command line, with `NAME` for each `NAME:latest` that stands for an instance. As for `run` and `/v1`, the
 * tag counts only if no other instance has the whole word as its alias, and no other model is called so.
 */
export async function namesMeant(
  session: Session,
  command: Command,
  words: readonly string[],
): Promise<readonly string[]> {
  const { ARGUMENT_KINDS } = await import('../completion/argument-kinds.ts');
  const given = command.registeredArguments;
  const isInstance = (index: number): boolean => {
    const argument = given[index] ?? given.at(-1);
    return ARGUMENT_KINDS[`${pathName(command)} ${argument?.name() ?? ''}`] === 'instance';
  };
  return Promise.all(words.map(async (word, index) => (isInstance(index) ? nameMeant(session, word) : word)));
}

async function nameMeant({ client, signal }: Session, word: string): Promise<string> {
  const bare = untagged(word);
  if (bare === null) return word;
  const instances = await client.listInstances({ signal });
  const meant = instanceCalled(bare, instances);
  const owner = instanceCalled(word, instances);
  if (meant === null || (owner !== null && owner !== meant)) return word;
  const [{ serverModels }, { ofModel }] = await Promise.all([
    import('./server-models.ts'),
    import('../chat/model-instance.ts'),
  ]);
  const models = modelsCalled(word, await serverModels(client, signal));
  return models.length === 0 || models.some((model) => ofModel([meant], model) !== null) ? bare : word;
}
