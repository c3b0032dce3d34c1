import type { DatabaseSync } from 'node:sqlite';
import { DownloadErrorSchema } from '@llamactl/contract/download';
import { z } from 'zod';
import type { DownloadRecord, DownloadStore, MadeFile } from '../models/downloads/download-store.ts';
import type { CommitQueue } from './commit-queue.ts';
import type { KeptEvents } from './replay-store.ts';
import { Json, readRow } from './row.ts';

const FileRow = z.object({
  path: z.string(),
  inode: z.string().transform(BigInt),
  size: z.number(),
  sha256: z.string().nullable(),
}) satisfies z.ZodType<MadeFile>;

const RemoteFileSchema = z.object({
  path: z.string(),
  size: z.number(),
  sha256: z.string().nullable(),
  blob: z.string(),
  url: z.string(),
});

const RecordSchema = z.object({
  id: z.string(),
  model: z.object({
    reference: z.string(),
    source: z.enum(['hub', 'modelscope', 'ollama', 'docker', 'url']),
    repo: z.string(),
    revision: z.string(),
    commit: z.string(),
    files: z.array(RemoteFileSchema),
  }),
  root: z.string(),
  state: z.enum(['queued', 'running', 'paused', 'done', 'failed', 'cancelled']),
  error: DownloadErrorSchema.nullable(),
  createdBy: z.string(),
  createdAt: z.string(),
  finishedAt: z.string().nullable(),
}) satisfies z.ZodType<DownloadRecord>;

const DownloadRow = z.object({ record: Json.pipe(RecordSchema) });

/** Stores downloads, and the files that they made. @param file For messages. @param kept Stores the events of a change. */
export function createDownloadStore(
  database: DatabaseSync,
  file: string,
  queue: CommitQueue,
  kept: KeptEvents,
): DownloadStore {
  const all = database.prepare('select id, record from downloads order by position');
  const upsert = database.prepare(
    'insert into downloads (id, record) values (?, ?) on conflict (id) do update set record = excluded.record',
  );
  const remove = database.prepare('delete from downloads where id = ?');
  const upsertFile = database.prepare(
    `insert into model_files (path, inode, size, sha256) values (?, ?, ?, ?)
     on conflict (path) do update set inode = excluded.inode, size = excluded.size, sha256 = excluded.sha256`,
  );
  const fileAt = database.prepare('select path, inode, size, sha256 from model_files where path = ?');
  const removeFile = database.prepare('delete from model_files where path = ?');

  return {
    async load() {
      return all.all().map((row) => readRow(DownloadRow, row, `Download ${String(row['id'])} in ${file}`).record);
    },

    async save(record, events = []) {
      // Serialised now: the caller may change its object before the commit.
      const values = [record.id, JSON.stringify(record)] as const;
      await queue.add([{ run: () => upsert.run(...values) }, ...kept.steps(events)]);
    },

    async remove(id) {
      await queue.add([{ run: () => remove.run(id) }]);
    },

    async saveFile({ path, inode, size, sha256 }) {
      await queue.add([{ run: () => upsertFile.run(path, String(inode), size, sha256) }]);
    },

    async fileAt(path) {
      const row = fileAt.get(path);
      return row === undefined ? null : readRow(FileRow, row, `The file ${path} in ${file}`);
    },

    async removeFile(path) {
      await queue.add([{ run: () => removeFile.run(path) }]);
    },
  };
}
