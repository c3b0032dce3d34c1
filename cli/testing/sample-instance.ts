import type { Instance } from '@llamactl/client';

/** A stopped instance with defaults, except for the given fields. */
export function sampleInstance(changes: Partial<Instance> & Pick<Instance, 'name'>): Instance {
  return {
    status: 'stopped',
    engine: 'llama_cpp',
    port: 8100,
    running_port: null,
    model_info: null,
    aliases: [],
    unlisted: false,
    on_demand: true,
    reason: null,
    started_at: null,
    created_at: '2026-03-01T12:00:00Z',
    updated_at: '2026-03-01T12:00:00Z',
    pid: null,
    options: {},
    extra_args: [],
    environment: {},
    auto_start: true,
    auto_restart: true,
    max_restarts: 5,
    idle_timeout: 0,
    pinned: false,
    queue_limit: 1_000,
    request_defaults: {},
    request_strip: [],
    isolated: false,
    restart_count: 0,
    restart_required: false,
    last_exit: null,
    effective_command: [],
    stats: null,
    ...changes,
  };
}
