import path from 'node:path';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';
import type { Surroundings } from '../surroundings.ts';
import { isModelFile, modelFile } from './model-instance.ts';

/**
 * Refuses a word that names a missing file, while no server of this machine runs. A bare `qwen.gguf` may also be the name
 * of a file in a folder with models.
 *
 * @throws {Problem} when there is no such file
 */
export async function refuseAbsentFile(
  word: string,
  folder: string,
  user: Pick<Surroundings, 'environment' | 'home'>,
): Promise<void> {
  const file = modelFile(word, { folder, home: user.home, isLocal: true });
  if (file !== null || !isModelFile(word) || (await isInPlaces(word, user))) return;
  throw new Problem(`no such file: ${path.resolve(folder, word)}`, EXIT.notFound, [
    'if an instance has this name or alias: llamactl up, then this command again',
  ]);
}

/** Whether a folder that the server would scan has a file of this name. */
async function isInPlaces(
  name: string,
  { environment, home }: Pick<Surroundings, 'environment' | 'home'>,
): Promise<boolean> {
  const { configuredPlaces, readConfig, searchModels } = await import('@llamactl/server/main');
  const { config } = readConfig({ configFile: null, overrides: {}, searchLocal: false, user: { environment, home } });
  const own = path.join(config.data_dir, 'models');
  const { platform } = process;
  const { places } = configuredPlaces(config.models, { own, environment, home, isHomeOurs: true, platform });
  const { files } = await searchModels(places, new AbortController().signal);
  return files.some((file) => path.basename(file.path).toLowerCase() === name.toLowerCase());
}
