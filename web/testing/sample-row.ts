import type { Row } from '../lib/live/row-store.ts';

/** A stopped instance, with some other fields. */
export function sampleRow(fields: Partial<Row>): Row {
  return {
    name: 'chat',
    status: 'stopped',
    engine: 'llama_cpp',
    model_path: '/models/qwen3-8b-Q4_K_M.gguf',
    model_info: null,
    port: 8101,
    running_port: null,
    aliases: [],
    unlisted: false,
    on_demand: true,
    pinned: false,
    restart_count: 0,
    restart_required: false,
    in_flight: 0,
    waiting: 0,
    tokens_per_second: 0,
    last_used_at: null,
    waits_for: [],
    load: null,
    ready_at: null,
    last_load_seconds: null,
    stats: null,
    capabilities: [],
    context_size: null,
    slots: null,
    reason: null,
    refused: null,
    started_at: null,
    created_at: '2026-11-30T10:00:00Z',
    updated_at: '2026-11-30T10:00:00Z',
    ...fields,
  };
}
