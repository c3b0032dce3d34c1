import type { CreateInstance, KeepContext, OptionValue } from '@llamactl/contract/instance';

/** The settings of an instance in the contract's shape. Readers fill in the defaults of optional settings. */
export interface Settings {
  engine: string;
  /** As the user named it; `model_path` is the file that was found for it. */
  model?: string;
  model_path?: string;
  /** Files that were found for `model` or `model_path`. Its launch uses them, unless options say otherwise. */
  companions?: CompanionFiles;
  options: Record<string, OptionValue>;
  extra_args: string[];
  environment: Record<string, string>;
  command?: string[];
  health_path?: string;
  aliases: string[];
  unlisted: boolean;
  auto_start: boolean;
  auto_restart?: boolean;
  max_restarts?: number;
  on_demand?: boolean;
  idle_timeout?: number;
  pinned?: boolean;
  group?: string;
  concurrency?: number;
  queue_limit?: number;
  upstream_model?: string;
  request_defaults?: JsonObject;
  request_strip?: string[];
  system_prompt?: string;
  preset?: string;
  isolated?: boolean;
  keep_context?: KeepContext;
}

/** Absolute paths of the companions of a model. */
export interface CompanionFiles {
  /** For images and audio. */
  projector?: string;
  /** A LoRA adapter that is a part of the model. */
  adapter?: string;
}

/** A request with the companions of its model. */
export type WithFiles<Body> = Body & { companions?: CompanionFiles | undefined };

/** A JSON object. */
export type JsonObject = NonNullable<CreateInstance['request_defaults']>;

/** The identity and settings of an instance. */
export interface InstanceRecord {
  /** Names files and folders on disk. Unlike the name, it is never reused. */
  id: string;
  name: string;
  port: number;
  /** True when llamactl chose the port and may choose another. */
  portAssigned: boolean;
  settings: Settings;
  /** RFC 3339. */
  createdAt: string;
  updatedAt: string;
  /** Grows with each update; the `ETag`. */
  version: number;
}

/** The part of a record that users can edit. */
export type Edit = Pick<InstanceRecord, 'port' | 'portAssigned' | 'settings'>;

/** An edit as a user wants it. */
export interface WantedEdit extends Omit<Edit, 'port'> {
  /** `null`: llamactl chooses one. */
  port: number | null;
}
