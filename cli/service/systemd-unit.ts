/** The parts of a unit. */
export interface SystemdUnitParts {
  program: readonly [string, ...string[]];
  serveFlags: readonly string[];
  reloadFlags: readonly string[];
  searchPath: string;
  /** Seconds after which the end of the server is forced. */
  stopSeconds: number;
}

/** @param isUsers A unit of a user's own manager, not of the machine's. */
export function systemdUnit(parts: SystemdUnitParts, { isUsers }: { isUsers: boolean }): string {
  const { program, serveFlags, reloadFlags, searchPath, stopSeconds } = parts;
  return `# Made by \`llamactl serve --print-unit ${isUsers ? 'systemd-user' : 'systemd'}\`; docs/services.md says more.
[Unit]
Description=llamactl, a control plane for local LLM engines
${isUsers ? '' : 'Wants=network-online.target\nAfter=network-online.target remote-fs.target\n'}# Never give up: what keeps the server from starting may pass, and engines run on meanwhile.
StartLimitIntervalSec=0

[Service]
${isUsers ? `Environment=${quoted(`PATH=${searchPath}`)}\n` : ''}ExecStart=${commandLine([...program, 'serve', ...serveFlags])}
# Replaces the server without a refused request; fails, and leaves the old one, when the new one cannot start.
ExecReload=${commandLine([...program, 'reload', ...reloadFlags])}

# Engines outlive the server: they stay when it stops, and it finds them when it starts.
KillMode=process
# An engine that the system kills for want of memory is restarted by the server, not a reason to end that.
OOMPolicy=continue
${isUsers ? '' : '# The server is the last of ours to be killed; it sets engines above itself, and above zero.\nOOMScoreAdjust=-500\n'}
# systemd-notify, a child of the server, speaks for it.
Type=notify
NotifyAccess=all
# A server that hangs is ended and started again; SIGKILL, so that no core with secrets in it is left.
WatchdogSec=120
WatchdogSignal=SIGKILL
Restart=on-failure
RestartSec=5
TimeoutStartSec=300
# Above instances.stop_timeout, which counts with --stop-engines.
TimeoutStopSec=${stopSeconds}

# Shared with the engines, which have many threads, sockets and, with mlock, much locked memory.
TasksMax=infinity
LimitNOFILE=65536
${isUsers ? '' : 'LimitMEMLOCK=infinity\n'}UMask=0077
${isUsers ? '' : MACHINE_ONLY}
[Install]
WantedBy=${isUsers ? 'default.target' : 'multi-user.target'}
`;
}

/**
 * Settings of the machine's unit only: user managers cannot drop capabilities, and engines of a user may need
 * `newuidmap`.
 *
 * Settings that break engines are left out. PrivateTmp= and RuntimeDirectory= delete files of engines that outlive the
 * service, PrivateDevices= and DevicePolicy= hide GPUs, MemoryDenyWriteExecute= keeps Node from compiling.
 */
const MACHINE_ONLY = `
User=llamactl
StateDirectory=llamactl
StateDirectoryMode=0700
# /usr, /boot, /etc and homes are read-only; elsewhere file permissions decide. docs/services.md has tighter settings.
ProtectSystem=full
ProtectHome=read-only
# No program gains rights. Rootless podman and nvidia-modprobe need to: docs/services.md says how to let them.
NoNewPrivileges=yes
CapabilityBoundingSet=
# A private /tmp that lasts as long as an engine uses it. PrivateTmp= would empty it when the service stops.
TemporaryFileSystem=/tmp:mode=1777,nosuid,nodev,size=50% /var/tmp:mode=1777,nosuid,nodev,size=50%
`;

function commandLine(words: readonly string[]): string {
  return words.map((word) => quoted(word, { isCommand: true })).join(' ');
}

/** Quotes a word for systemd. @param isCommand Commands expand variables, other settings do not. */
function quoted(word: string, { isCommand = false } = {}): string {
  const plain = word.replaceAll('%', '%%').replaceAll('\\', '\\\\');
  const literal = isCommand ? plain.replaceAll('$', '$$$$') : plain;
  if (/^[\w@%+=:,./$\\-]+$/.test(literal)) return literal;
  return `"${literal.replaceAll('"', String.raw`\"`).replaceAll('\n', String.raw`\n`)}"`;
}
