import type { Session } from '../command-line.ts';
import { plain } from '../screen/text.ts';

/** Moves the instances that name a model by an older file to the file that was downloaded. Names them. */
export async function moveInstances({ client, terminal, signal }: Session, path: string): Promise<void> {
  for (const { name, model } of await client.listInstances({ signal })) {
    if (model === undefined) continue;
    const { newer_model_path: newer } = await client.getInstance(name, { signal });
    if (newer !== path) continue;
    const { restart_required: waits } = await client.updateInstance(name, { model }, { signal });
    terminal.note(plain(waits ? `${name} uses it after a restart: llamactl restart ${name}` : `${name} uses it now`));
  }
}
