/** Sentences of the log-in. */
export const en = {
  title: 'Log in',
  again: 'Your log-in has ended',
  againNote: 'Log in again. The page behind stays as it is.',
  accountsOn: 'Accounts are on now',
  accountsOnNote: 'Log in to go on. Forms keep what you typed, and the playground offers the chats of this browser.',
  name: 'User name',
  password: 'Password',
  show: 'Show the password',
  hide: 'Hide the password',
  capsLock: 'Caps lock is on.',
  submit: 'Log in',
  wait: (seconds: number) => `Too many tries. The next one is possible in ${seconds} s.`,
  firstPassword:
    'First time here? llamactl wrote the password of the account admin to the file admin-password in its data directory.',
};
