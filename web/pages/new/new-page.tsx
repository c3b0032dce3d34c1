import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import type { CreateInstance, Model } from '@llamactl/client';
import { PageBody, PageHeader } from '../../components/page-header.tsx';
import { QueryPart } from '../../components/query-part.tsx';
import { useApp } from '../../lib/app.ts';
import { instanceName } from '../../lib/instance-name.ts';
import { useWords } from '../../lib/language.ts';
import { useRowNames } from '../../lib/live/live-hooks.ts';
import { modelsQuery } from '../../lib/queries.ts';
import { isRecord } from '../../lib/record.ts';
import { newWords } from '../../words/new.ts';
import { Editor } from './editor.tsx';
import { chosenOf } from './model-picker.tsx';
import { isJson, type SettingsDocument } from './settings-document.ts';

/** A new instance: empty, of a model, or with the settings of another instance. */
export function NewPage() {
  const words = useWords(newWords);
  const { from, model, tab = 'form', field } = useSearch({ from: '/new' });
  const { client } = useApp();
  const names = useRowNames();
  const fleet = useQuery({
    queryKey: ['instance copy', from],
    queryFn: async ({ signal }) => {
      const { instances } = await client.exportFleet({ signal });
      return instances.find(({ name }) => name === from) ?? null;
    },
    enabled: from !== undefined,
    gcTime: 0,
  });
  const models = useQuery({ ...modelsQuery(client), enabled: model !== undefined });
  const edit = (document: SettingsDocument) => (
    <Editor
      key={`${from ?? ''} ${model ?? ''}`}
      name={null}
      draftName={`new.${from ?? ''}.${model ?? ''}`}
      initial={{ base: {}, etag: null, document }}
      newest={null}
      tab={tab}
      field={field}
    />
  );
  if (from === undefined && model === undefined) return edit({});
  const skeleton = <PageHeader title={words.newTitle} />;
  if (names === null) return skeleton;
  return from !== undefined ? (
    <QueryPart query={fleet} skeleton={skeleton}>
      {(source) => edit(source === null ? {} : copyOf(source, names))}
    </QueryPart>
  ) : (
    <QueryPart query={models} skeleton={<PageBody>{skeleton}</PageBody>}>
      {(list) => edit(settingsOfModel(model ?? '', list.models, names))}
    </QueryPart>
  );
}

/** The settings of an instance without those that only one instance can have. */
function copyOf(source: CreateInstance, names: readonly string[]): SettingsDocument {
  const { port: _, aliases: __, ...settings } = source;
  const copy = { ...settings, name: instanceName(source.name, names) };
  return isJson(copy) && isRecord(copy) ? copy : {};
}

function settingsOfModel(model: string, models: readonly Model[], names: readonly string[]): SettingsDocument {
  const found = chosenOf(models, { model });
  return { name: instanceName(found?.name ?? model, names), model };
}
