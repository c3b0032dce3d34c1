import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { bytes } from '../../lib/figures.ts';
import { PageHeader } from '../../components/page-header.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { useApp, useMay } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { modelsQuery } from '../../lib/queries.ts';
import { modelsWords } from '../../words/models.ts';
import { GetModel } from './get-model.tsx';
import { Library } from './library.tsx';
import { MODELS_TABS } from './models-search.ts';

/** The models of this machine, and the way to new ones. */
export function ModelsPage() {
  const words = useWords(modelsWords);
  const { client } = useApp();
  const mayGet = useMay('operator');
  const search = useSearch({ from: '/models' });
  const navigate = useNavigate({ from: '/models' });
  const query = useQuery(modelsQuery(client));
  const tab = mayGet ? (search.tab ?? 'library') : 'library';
  const models = query.data?.models;
  const note =
    models === undefined
      ? undefined
      : `${words.summary(models.length, bytes(models.reduce((sum, { size }) => sum + size, 0)))}${query.data?.scanning === true ? ` · ${words.scanning}` : ''}`;
  return (
    <>
      <PageHeader title={words.title} note={note} />
      <Tabs
        label={words.tabList}
        tabs={MODELS_TABS.filter((value) => value === 'library' || mayGet).map((value) => ({
          value,
          label: words.tabs[value],
        }))}
        value={tab}
        onChoose={(value) => void navigate({ search: { tab: value }, replace: true })}
      >
        {tab === 'library' ? <Library query={query} search={search} /> : <GetModel search={search} />}
      </Tabs>
    </>
  );
}
