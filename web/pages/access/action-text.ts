import type { accessWords } from '../../words/access.ts';

type Actions = (typeof accessWords)['en']['auditActions'];

/** An operation in words: `startInstance` is "start". One without words of its own: `createTicket` is "create ticket". */
export function actionText(operation: string, actions: Actions): string {
  return isKnown(operation, actions)
    ? actions[operation]
    : operation.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function isKnown(operation: string, actions: Actions): operation is keyof Actions {
  return Object.hasOwn(actions, operation);
}

const LOG_INS: ReadonlySet<string> = new Set(['login', 'loginBrowser']);

/** Who did what a row says: of a log-in that worked, the user who logged in. */
export function personOf(row: { subject: string; action: string; target: string | null; status: number }): string {
  const isLogIn = LOG_INS.has(row.action) && row.status < 400;
  return isLogIn && row.target !== null ? `user:${row.target}` : row.subject;
}
