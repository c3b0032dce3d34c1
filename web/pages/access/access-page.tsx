import { useNavigate, useSearch } from '@tanstack/react-router';
import { CodeBlock } from '../../components/code-block.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { ForbiddenState } from '../../components/error-state.tsx';
import { PageBody, PageHeader } from '../../components/page-header.tsx';
import { Panel } from '../../components/panel.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { useApp, useMay } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { useStored } from '../../lib/value-store.ts';
import { accessWords } from '../../words/access.ts';
import { ACCESS_TABS, FOR_ADMINS } from './access-search.ts';
import { AccountTab } from './account-tab.tsx';
import { AuditTab } from './audit-tab.tsx';
import { KeysTab } from './keys-tab.tsx';
import { UsageTab, UsageView } from './usage-tab.tsx';
import { UsersTab } from './users-tab.tsx';

/** Keys, users, the audit trail and the own account. */
export function AccessPage() {
  const words = useWords(accessWords);
  const state = useStored(useApp().logIn.state);
  if (state.kind === 'in' && !state.me.auth_enabled) return <AccountsOff />;
  return (
    <>
      <PageHeader title={words.title} />
      <AccessTabs />
    </>
  );
}

function AccessTabs() {
  const words = useWords(accessWords);
  const isAdmin = useMay('admin');
  const { tab } = useSearch({ from: '/access' });
  const navigate = useNavigate({ from: '/access' });
  const allowed = ACCESS_TABS.filter((value) => isAdmin || !FOR_ADMINS.has(value));
  if (!isAdmin && tab !== undefined && FOR_ADMINS.has(tab)) return <ForbiddenState needs="admin" />;
  const chosen = allowed.find((value) => value === tab) ?? 'keys';
  return (
    <Tabs
      label={words.tabList}
      tabs={allowed.map((value) => ({ value, label: words.tabs[value] }))}
      value={chosen}
      onChoose={(value) => void navigate({ search: { tab: value }, replace: true })}
    >
      {chosen === 'keys' && <KeysTab />}
      {chosen === 'users' && <UsersTab />}
      {chosen === 'usage' && <UsageTab />}
      {chosen === 'audit' && <AuditTab />}
      {chosen === 'account' && <AccountTab />}
    </Tabs>
  );
}

function AccountsOff() {
  const words = useWords(accessWords);
  return (
    <>
      <PageHeader title={words.title} />
      <PageBody>
        <EmptyState icon="access" title={words.offTitle}>
          <p>{words.offText}</p>
        </EmptyState>
        <div className="mx-auto max-w-xl">
          <CodeBlock label={words.offCommand} code={'llamactl config set auth.enabled=true\nllamactl reload'} wraps />
          <p className="mt-3 text-mute">{words.offNext}</p>
        </div>
        <Panel title={words.tabs.usage} className="mt-12">
          <UsageView groups={['instance']} isPart />
        </Panel>
      </PageBody>
    </>
  );
}
