import type { CheckOutcome, CheckTask } from './blob-check.ts';
import type { TransferOutcome, TransferProgress, TransferTask } from './blob-transfer.ts';

/** Settings of the thread of transfers. */
export interface TransferSettings {
  /** Variables with proxies and authorities. */
  environment: Readonly<Record<string, string | undefined>>;
  /** For all transfers together; 0: no limit. */
  bytesPerSecond: number;
  /** Origins of the endpoints in the configuration: files of these may lie in a private network. Default: none. */
  endpoints?: readonly string[];
}

/** From the server to the thread of transfers. Numbers are given by the server. */
export type TransferCommand =
  | { type: 'start'; number: number; task: TransferTask }
  | { type: 'check'; number: number; task: CheckTask }
  | { type: 'stop'; number: number };

/** From the thread to the server. After `ended` nothing more comes with this number. */
export type TransferReport =
  | ({ type: 'progress'; number: number } & TransferProgress)
  | { type: 'ended'; number: number; outcome: TransferOutcome | CheckOutcome };
