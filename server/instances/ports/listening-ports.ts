import type { RunReference } from './runs.ts';

/** The owners of listening sockets on this machine. */
export interface ListeningPorts {
  /**
   * Whether the run owns the listening socket on `port`. `unknown`: the system does not show the owner. `no-answer`: the
   * runtime of the run's container does not answer, so the container or another process may own the socket.
   */
  ownsPort(run: RunReference, port: number): Promise<'ours' | 'foreign' | 'closed' | 'unknown' | 'no-answer'>;
  /**
   * A witness of the port of a ready run. `null`: no witness is possible. Either the run is not watched, or a process
   * outside its tree holds the port, as with a container.
   */
  witness(run: RunReference, port: number): PortWitness | null;
  /** The listener on a port of this machine; `null`: the port is free. `description` names the process if it is known. */
  portHolder(port: number): Promise<{ pid: number | null; description: string } | null>;
  /** The ports on which any process of this machine listens; empty: none, or the system does not show them. */
  occupied(): ReadonlySet<number>;
}

/** Proves that a run owns its port. */
export interface PortWitness {
  /**
   * Returns a name of the socket on which the run listens. `null`: the run does not listen on its port. `unknown`: the
   * system does not show the socket. If the name is the same before and after a connect, the run has accepted the
   * connection. Takes microseconds.
   */
  listener(): string | null;
  /**
   * The listening socket, in a form that another server of this machine and user can check. If the socket is out of
   * date, the run counts as not listening.
   */
  held(): HeldListener | 'unknown' | null;
}

/** A listening socket in a process. */
export interface HeldListener {
  /** The link of its descriptor under `/proc`. */
  link: string;
  /** Target of the link while the process has the socket open: `socket:[INODE]`. */
  socket: string;
}
