import { OPERATIONS } from '@llamactl/contract/operations';
import type { DownloadJobs } from '../../models/downloads/downloads.ts';
import { jsonAnswer } from '../answer.ts';
import type { Bind } from '../operations.ts';

const MESSAGES = {
  cancelled: 'Download cancelled, and its incomplete files removed',
  forgotten: 'Download removed from the list',
} as const;

/** Downloads of models. */
export function downloadRoutes(bind: Bind, downloads: DownloadJobs): void {
  bind(OPERATIONS.createDownload, async ({ body, caller, concerns, signal }) => {
    concerns(body.model);
    const wanted = { model: body.model, revision: body.revision ?? null };
    const { download, isNew } = await downloads.create(wanted, caller.subject, signal);
    return isNew ? download : jsonAnswer(download, { status: 200 });
  });

  bind(OPERATIONS.listDownloads, () => ({ downloads: downloads.list() }));

  bind(OPERATIONS.getDownload, ({ params }) => downloads.get(params.download_id));

  bind(OPERATIONS.pauseDownload, ({ params }) => downloads.pause(params.download_id));

  bind(OPERATIONS.resumeDownload, ({ params }) => downloads.resume(params.download_id));

  bind(OPERATIONS.deleteDownload, async ({ params }) => ({
    message: MESSAGES[await downloads.remove(params.download_id)],
  }));
}
