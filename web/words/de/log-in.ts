import type { en } from '../en/log-in.ts';

/** Sätze der Anmeldung. */
export const de = {
  title: 'Anmelden',
  again: 'Ihre Anmeldung ist zu Ende',
  againNote: 'Melden Sie sich erneut an. Die Seite dahinter bleibt, wie sie ist.',
  accountsOn: 'Konten sind jetzt an',
  accountsOnNote:
    'Melden Sie sich an, um weiterzumachen. Formulare behalten, was Sie geschrieben haben, und der Playground bietet die Chats dieses Browsers an.',
  name: 'Benutzername',
  password: 'Passwort',
  show: 'Passwort zeigen',
  hide: 'Passwort verbergen',
  capsLock: 'Die Feststelltaste ist an.',
  submit: 'Anmelden',
  wait: (seconds) => `Zu viele Versuche. Der nächste ist in ${seconds} s möglich.`,
  firstPassword:
    'Zum ersten Mal hier? llamactl hat das Passwort des Kontos admin in die Datei admin-password in seinem Datenverzeichnis geschrieben.',
} satisfies typeof en;
