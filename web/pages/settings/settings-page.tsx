import { useNavigate, useSearch } from '@tanstack/react-router';
import { ForbiddenState } from '../../components/error-state.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { useMay } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { settingsWords } from '../../words/settings.ts';
import { ConfigurationTab } from './configuration-tab.tsx';
import { FleetTab } from './fleet-tab.tsx';
import { SETTINGS_TABS } from './settings-search.ts';

/** The configuration of llamactl, and its instances as a file. */
export function SettingsPage() {
  const words = useWords(settingsWords);
  const isAdmin = useMay('admin');
  const { tab = 'configuration' } = useSearch({ from: '/settings' });
  const navigate = useNavigate({ from: '/settings' });
  if (!isAdmin) return <ForbiddenState needs="admin" />;
  return (
    <>
      <PageHeader title={words.title} />
      <Tabs
        label={words.tabList}
        tabs={SETTINGS_TABS.map((value) => ({ value, label: words.tabs[value] }))}
        value={tab}
        onChoose={(value) => void navigate({ search: { tab: value }, replace: true })}
      >
        {tab === 'configuration' ? <ConfigurationTab /> : <FleetTab />}
      </Tabs>
    </>
  );
}
