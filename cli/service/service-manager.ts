/** Supported service managers: the machine's systemd, a user's systemd, and macOS. */
export const SERVICE_MANAGERS = ['systemd', 'systemd-user', 'launchd'] as const;

export type ServiceManager = (typeof SERVICE_MANAGERS)[number];
