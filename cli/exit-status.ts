/** The program's exit statuses; docs/cli.md has the table. */
export const EXIT = {
  ok: 0,
  /** The server refused the request, or it failed. */
  failed: 1,
  /** Invalid command line, as in most tools. */
  usage: 2,
  /** No such instance, user, key or context. */
  notFound: 3,
  /** No credentials, invalid ones, or missing permission. */
  notAllowed: 4,
  /** No server answers at the address. */
  unreachable: 5,
  /** An engine did not start. */
  startFailed: 6,
  /** Ctrl-C, as shells report SIGINT. */
  interrupted: 130,
} as const;

export type ExitStatus = (typeof EXIT)[keyof typeof EXIT];
