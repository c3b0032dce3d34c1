import type { Model } from '@llamactl/client';
import type { Session } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { AliasUsed, Problem } from '../problem.ts';

/**
 * Replaces "instance not found" by an error that suggests the closest name. Returns every other error unchanged.
 *
 * @param name The requested name.
 */
export async function nearInstance(session: Session, name: string, error: unknown): Promise<unknown> {
  const { LlamactlError } = await import('@llamactl/client');
  if (!(error instanceof LlamactlError && error.code === 'INSTANCE_NOT_FOUND')) return error;
  const { client, signal } = session;
  const problem = await unknownInstance(name, await client.listInstances({ signal }));
  if (problem instanceof AliasUsed) return problem;
  const [model] = await modelsOf(session, name);
  if (model === undefined) return problem;
  if (model.problems.length > 0) {
    const { plain } = await import('../screen/text.ts');
    const damaged = `there is no instance ${name}, but a model that cannot be loaded`;
    return new Problem(
      damaged,
      EXIT.notFound,
      model.problems.map((each) => plain(each)),
      'INSTANCE_NOT_FOUND',
    );
  }
  const message = `there is no instance ${name}, but a model; to make an instance of it: llamactl run ${name}`;
  return new Problem(message, EXIT.notFound, [`to see the model: llamactl models show ${name}`], 'INSTANCE_NOT_FOUND');
}

async function modelsOf({ client, signal }: Session, word: string): Promise<Model[]> {
  const [{ modelsCalled }, { serverModels }] = await Promise.all([
    import('@llamactl/contract/model-names'),
    import('./server-models.ts'),
  ]);
  return modelsCalled(word, await serverModels(client, signal));
}

/** The names of an instance. */
interface Named {
  name: string;
  aliases?: readonly string[] | undefined;
}

/** The instances that a command line does not name already: only they can be meant by an unknown name. */
export function others<Instance extends Named>(instances: readonly Instance[], named: readonly string[]): Instance[] {
  const taken = new Set(named.map((name) => name.toLowerCase()));
  return instances.filter(({ name }) => !taken.has(name.toLowerCase()));
}

/** The error for an unknown name, with a hint. */
export async function unknownInstance(name: string, instances: readonly Named[]): Promise<Problem> {
  const owner = instances.find(({ aliases = [] }) => aliases.includes(name));
  if (owner !== undefined) return new AliasUsed(name, owner.name);
  const names = instances.map((each) => each.name);
  const message = `there is no instance ${name}; ${await hintFor(name, names)}`;
  return new Problem(message, EXIT.notFound, [], 'INSTANCE_NOT_FOUND');
}

/** A hint for an unknown name. */
export async function hintFor(unknown: string, names: readonly string[]): Promise<string> {
  if (unknown === 'server') return 'for the server itself: llamactl status, llamactl logs --server, llamactl down';
  if (unknown === 'all') return 'for all instances: --all instead of a name, where the command has it';
  const near = await nearName(unknown, names);
  return near === null ? 'to list instances: llamactl ps' : `did you mean ${near}?`;
}

/** The existing name closest to an unknown one; `null`: none is close. */
export async function nearName(unknown: string, names: readonly string[]): Promise<string | null> {
  const { suggestion } = await import('@llamactl/server/suggestion');
  return suggestion(unknown, names);
}
