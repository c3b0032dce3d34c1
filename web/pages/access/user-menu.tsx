import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { User } from '@llamactl/client';
import { MenuButton } from '../../components/menu.tsx';
import type { MenuItem } from '../../components/menu-items.ts';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { accessWords } from '../../words/access.ts';
import { useSettled } from './access-command.ts';

interface UserMenuProps {
  user: User;
  /** Whether it is the account of the user of this page, which cannot lock itself out. */
  isMe: boolean;
  onSessions: () => void;
  onDisable: () => void;
  onDelete: () => void;
}

/** Leads from an account to what belongs to it, and disables or deletes it. */
export function UserMenu({ user, isMe, onSessions, onDisable, onDelete }: UserMenuProps) {
  const words = useWords(accessWords);
  const { client } = useApp();
  const navigate = useNavigate();
  const settled = useSettled(['users'], () => undefined);
  const enable = useMutation({
    mutationFn: () => client.updateUser(user.username, { disabled: false }),
    ...settled(words.userEnabled(user.username)),
  });
  const subject = `user:${user.username}`;
  const places: readonly MenuItem[] = [
    {
      label: words.tabs.keys,
      icon: 'access',
      onSelect: () => void navigate({ to: '/access', search: { tab: 'keys', owner: user.username } }),
    },
    {
      label: words.requestsOf,
      icon: 'requests',
      onSelect: () => void navigate({ to: '/requests', search: { caller: subject } }),
    },
    { label: words.logIns, icon: 'user', onSelect: onSessions },
    {
      label: words.tabs.audit,
      icon: 'logs',
      onSelect: () => void navigate({ to: '/access', search: { tab: 'audit', subject, match: 'exact' } }),
    },
  ];
  const changes: readonly MenuItem[] = [
    { kind: 'line' },
    user.disabled
      ? { label: words.enable, icon: 'check', onSelect: () => enable.mutate() }
      : { label: words.disable, icon: 'lock', isDanger: true, onSelect: onDisable },
    { label: words.deleteUser, icon: 'trash', isDanger: true, onSelect: onDelete },
  ];
  return (
    <MenuButton
      icon="more"
      label={words.moreFor(user.username)}
      items={() => (isMe ? places : [...places, ...changes])}
    />
  );
}
