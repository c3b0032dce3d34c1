import { ApiError } from '@llamactl/contract/errors';
import type { ModelSource, RemoteFile, RemoteModel } from '../models/downloads/model-source.ts';

/** A {@link ModelSource} with the models that a test gives it. */
export class FakeModelSource implements ModelSource {
  readonly models = new Map<string, RemoteModel>();
  /** Sent to every URL that begins with this. */
  secret = { origin: '', token: '' };

  /** Adds a model of the hub, `org/repo:TAG`. */
  add(reference: string, files: readonly RemoteFile[]): void {
    const [repo = ''] = reference.split(':');
    const commit = 'c'.repeat(40);
    this.models.set(reference, { reference, source: 'hub', repo, revision: 'main', commit, files: [...files] });
  }

  async resolve(reference: string): Promise<RemoteModel> {
    const model = this.models.get(reference);
    if (model === undefined) throw new ApiError('NOT_FOUND', `The hub has no ${reference}.`);
    return model;
  }

  headersFor(url: string): Record<string, string> {
    const { origin, token } = this.secret;
    return token !== '' && url.startsWith(origin) ? { authorization: `Bearer ${token}` } : {};
  }
}
