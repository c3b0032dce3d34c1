import type { Instance } from '@llamactl/client';
import { sampleRow } from './sample-row.ts';

/** A stopped instance with all its fields, some of them others. */
export function sampleInstance(fields: Partial<Instance>): Instance {
  return {
    ...sampleRow({}),
    pid: null,
    options: {},
    extra_args: [],
    environment: {},
    auto_start: true,
    auto_restart: true,
    max_restarts: 5,
    idle_timeout: 0,
    queue_limit: 1_000,
    request_defaults: {},
    request_strip: [],
    isolated: false,
    keep_context: 'off',
    context: null,
    last_exit: null,
    effective_command: [],
    ...fields,
  };
}
