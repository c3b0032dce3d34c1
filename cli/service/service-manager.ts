/** For whom a service can be defined: the machine's systemd, a user's own, and macOS. */
export const SERVICE_MANAGERS = ['systemd', 'systemd-user', 'launchd'] as const;

export type ServiceManager = (typeof SERVICE_MANAGERS)[number];
