import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** The layers of a model: its weights, and what Ollama adds to requests. */
export interface OllamaContent {
  model: Buffer;
  system?: string;
  /** JSON. */
  params?: string;
}

/** Ollama's folder of models, in the home of a test. */
export class OllamaFolder {
  readonly path: string;

  constructor(home: string) {
    this.path = path.join(home, '.ollama', 'models');
  }

  /**
   * Writes a model as `ollama pull` does.
   *
   * @param name `NAME/TAG`.
   * @returns The file of its weights.
   */
  async pull(name: string, { model, ...others }: OllamaContent): Promise<string> {
    const layers: object[] = [];
    const add = async (kind: string, content: Buffer | string): Promise<string> => {
      const digest = createHash('sha256').update(content).digest('hex');
      const mediaType = `application/vnd.ollama.image.${kind}`;
      layers.push({ mediaType, digest: `sha256:${digest}`, size: Buffer.byteLength(content) });
      return this.#put(`blobs/sha256-${digest}`, content);
    };
    const weights = await add('model', model);
    for (const [kind, text] of Object.entries(others)) await add(kind, text);
    await this.#manifest(name, layers);
    return weights;
  }

  /** Writes a model whose weights are gone. @param name `NAME/TAG`. */
  async damage(name: string): Promise<void> {
    const digest = `sha256:${'0'.repeat(64)}`;
    await this.#manifest(name, [{ mediaType: 'application/vnd.ollama.image.model', digest, size: 1 }]);
  }

  async #manifest(name: string, layers: readonly object[]): Promise<void> {
    await this.#put(`manifests/registry.ollama.ai/library/${name}`, JSON.stringify({ layers }));
  }

  async #put(file: string, content: Buffer | string): Promise<string> {
    const whole = path.join(this.path, file);
    await mkdir(path.dirname(whole), { recursive: true });
    await writeFile(whole, content);
    return whole;
  }
}
