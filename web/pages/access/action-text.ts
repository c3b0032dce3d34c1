import type { accessWords } from '../../words/access.ts';

/** The words of actions, by operation. */
export type ActionWords = (typeof accessWords)['en']['auditActions'];

/** An operation in words: `startInstance` is "start". One without words of its own: `createTicket` is "create ticket". */
export function actionText(operation: string, actions: ActionWords): string {
  return isKnown(operation, actions)
    ? actions[operation]
    : operation.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/**
 * The operations that a typed text means, for the API, separated by commas: those whose words it is a part of, and each
 * whose id has it. Words of several actions are separated by commas too.
 */
export function actionsOf(typed: string, actions: ActionWords): string {
  const parts = typed.split(',').map((part) => part.trim().toLowerCase().replaceAll(/\s+/g, ' '));
  const found = parts
    .filter((part) => part !== '')
    .flatMap((part) => {
      const id = part.replaceAll(' ', '');
      const meant = Object.entries(actions).flatMap(([operation, words]) =>
        words.toLowerCase().includes(part) && !operation.toLowerCase().includes(id) ? [operation] : [],
      );
      return [id, ...meant];
    });
  return [...new Set(found)].join(',');
}

function isKnown(operation: string, actions: ActionWords): operation is keyof ActionWords {
  return Object.hasOwn(actions, operation);
}

const LOG_INS: ReadonlySet<string> = new Set(['login', 'loginBrowser']);

/** Who did what a row says: of a log-in that worked, the user who logged in. */
export function personOf(row: { subject: string; action: string; target: string | null; status: number }): string {
  const isLogIn = LOG_INS.has(row.action) && row.status < 400;
  return isLogIn && row.target !== null ? `user:${row.target}` : row.subject;
}
