import type { DownloadError } from '@llamactl/contract/download';
import type { KeptEvent } from '../../instances/ports/event-sink.ts';
import type { RemoteModel } from './model-source.ts';

/** A download as it is stored. */
export interface DownloadRecord {
  id: string;
  model: RemoteModel;
  /** The cache that gets the files, absolute. */
  root: string;
  state: 'queued' | 'running' | 'paused' | 'done' | 'failed' | 'cancelled';
  error: DownloadError | null;
  /** The caller that asked for it. */
  createdBy: string;
  /** RFC 3339. */
  createdAt: string;
  /** RFC 3339; `null`: it is not done, failed or cancelled. */
  finishedAt: string | null;
}

/** A finished file that a download made. */
export interface MadeFile {
  /** Absolute path of the blob. */
  path: string;
  inode: bigint;
  size: number;
  /** Lower-case hex; `null`: unknown. */
  sha256: string | null;
}

/** Durable storage of downloads. A write whose promise has resolved survives `kill -9` and power loss. */
export interface DownloadStore {
  /** All downloads, oldest first. */
  load(): Promise<DownloadRecord[]>;
  /** Inserts or replaces a download. The events are stored in the same transaction. */
  save(record: DownloadRecord, events?: readonly KeptEvent[]): Promise<void>;
  remove(id: string): Promise<void>;
  /** Inserts or replaces the file of a path. */
  saveFile(file: MadeFile): Promise<void>;
  /** @returns `null`: no download made a file of this path */
  fileAt(path: string): Promise<MadeFile | null>;
  removeFile(path: string): Promise<void>;
}
