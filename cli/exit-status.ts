/** What the program's exit status says; docs/cli.md has the table. */
export const EXIT = {
  ok: 0,
  /** The server refused, or it went wrong. */
  failed: 1,
  /** The command line cannot be understood, as in most tools. */
  usage: 2,
  /** There is no such instance, user, key or context. */
  notFound: 3,
  /** No credentials, bad ones, or too few rights. */
  notAllowed: 4,
  /** Nobody answers at the server's address. */
  unreachable: 5,
  /** An engine did not come up. */
  startFailed: 6,
  /** Ctrl-C, as shells report SIGINT. */
  interrupted: 130,
} as const;

export type ExitStatus = (typeof EXIT)[keyof typeof EXIT];
