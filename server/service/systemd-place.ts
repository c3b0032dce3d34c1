/** The systemd unit of a process. */
export interface SystemdPlace {
  /** `null`: no service, but a process started by a logged-in user. */
  unit: string | null;
  /** The user whose own systemd runs it; `null`: the machine's. */
  uid: number | null;
}

/** @param groups Content of `/proc/PID/cgroup`. `null`: systemd does not manage the process. */
export function systemdPlaceIn(groups: string | null): SystemdPlace | null {
  const paths = groups?.split('\n').map((line) => line.split(':').slice(2).join(':')) ?? [];
  const place = paths.find((each) => /\.(service|scope)$/.test(each));
  if (place === undefined) return null;
  const [, uid] = /\/user@(\d+)\.service\//.exec(place) ?? [];
  const [, unit] = /\/([^/]+\.service)$/.exec(place) ?? [];
  return { unit: unit ?? null, uid: uid === undefined ? null : Number(uid) };
}
