/** Proves that a run owns its port. */
export interface PortWitness {
  /**
   * Names the socket on which the run listens; `null`: the run does not listen on its port. The same name before and after
   * a connection is opened proves that the run has accepted it. Takes microseconds. `unknown`: the system does not show it.
   */
  listener(): string | null;
  /** The same for another server of this machine and user. When it is out of date, the run counts as not listening. */
  held(): HeldListener | 'unknown' | null;
}

/** A listening socket in a process. */
export interface HeldListener {
  /** The link of its descriptor under `/proc`. */
  link: string;
  /** Target of the link while the process has the socket open: `socket:[INODE]`. */
  socket: string;
}
