import { z } from 'zod';
import { LongIntegerSchema } from './long-integer.ts';

/**
 * The states of a download. `queued`: two others run. `paused`: by a user, or because the disk is full (`error` says so; it goes
 * on by itself). A `failed` one can be resumed.
 */
export const DOWNLOAD_STATES = ['queued', 'running', 'verifying', 'paused', 'done', 'failed', 'cancelled'] as const;
export const DownloadStateSchema = z.enum(DOWNLOAD_STATES).meta({ id: 'DownloadState' });
export type DownloadState = z.infer<typeof DownloadStateSchema>;

/** Why a download does not go on. */
export const DownloadErrorSchema = z
  .object({
    code: z.enum(['HUB_ERROR', 'DISK_FULL', 'INTERNAL_ERROR']),
    message: z.string().describe('Cause and fix, for a person.'),
  })
  .meta({ id: 'DownloadError' });
export type DownloadError = z.infer<typeof DownloadErrorSchema>;

/** The fields that change while a download runs; also the data of its event. */
const progress = {
  id: z.string(),
  model: z.string().describe('The reference as people write it: `org/repo:Q4_K_M`.'),
  state: DownloadStateSchema,
  done_bytes: LongIntegerSchema.describe('Bytes on this machine, of all files.'),
  total_bytes: LongIntegerSchema,
  bytes_per_second: LongIntegerSchema.describe('0 unless bytes come.'),
  eta_seconds: LongIntegerSchema.nullable().describe('Until all bytes are here; `null`: unknown.'),
  error: DownloadErrorSchema.nullable().describe('Why it failed, or waits for room on the disk.'),
};

/** Data of the event `download_progress`. */
export const DownloadProgressSchema = z.object(progress);
export type DownloadProgress = z.infer<typeof DownloadProgressSchema>;

const DownloadFileSchema = z
  .object({
    path: z.string().describe('Within the repo.'),
    size: LongIntegerSchema.describe('Bytes.'),
    done_bytes: LongIntegerSchema,
  })
  .meta({ id: 'DownloadFile' });

/** A download of a model, with all its files. */
export const DownloadSchema = z
  .object({
    ...progress,
    revision: z.string().describe('Branch or tag.'),
    path: z.string().describe('`model_path` for an instance, when it is done: its first file, or its folder.'),
    files: z.array(DownloadFileSchema),
    warnings: z
      .array(z.string())
      .optional()
      .describe('Sentences, such as about a file of another program that could not be checked; left out: none.'),
    created_by: z.string().describe('`anonymous`, `user:NAME` or `key:ID (NAME)`.'),
    created_at: z.iso.datetime().describe('RFC 3339, UTC.'),
    finished_at: z.iso.datetime().nullable().describe('`null`: it is not done, failed or cancelled.'),
  })
  .meta({ id: 'Download' });
export type Download = z.infer<typeof DownloadSchema>;

export const DownloadListSchema = z
  .object({ downloads: z.array(DownloadSchema).describe('Oldest first.') })
  .meta({ id: 'DownloadList' });

/** Body of `POST /api/models/downloads`. */
export const CreateDownloadSchema = z
  .strictObject({
    model: z.string().min(1).max(512).describe('A reference: `org/repo:Q4_K_M`.'),
    revision: z.string().min(1).max(255).optional().describe('Branch, tag or commit. Default: the main branch.'),
  })
  .meta({ id: 'CreateDownload' });
