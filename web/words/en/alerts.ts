/** Titles of alerts, by their codes. The table of docs/operations.md has all codes. */
export const en = {
  titles: {
    disk_space_low: 'disk nearly full',
    data_dir_lost: 'data directory lost',
    memory_low: 'memory nearly full',
    gpu_memory_low: 'out of GPU memory',
    gpu_offload_short: 'less on the GPU than asked for',
    instance_failed: 'instance failed',
    crash_loop: 'instance keeps crashing',
    port_clash: 'port taken by another program',
    starts_blocked: 'instances cannot start',
    download_disk_full: 'no disk space for a download',
    store_failed: 'changes cannot be stored',
    log_rotation_failed: 'log grows without limit',
    process_survives_kill: 'process survives its end',
    stray_process: 'stray process of an instance',
    alert_undelivered: 'alerts do not arrive',
    login_lockout: 'log-ins keep failing',
  },
  levels: { warning: 'warning', error: 'error' },
  raised: (title: string) => `alert: ${title}`,
  cleared: (title: string) => `alert over: ${title}`,
};
