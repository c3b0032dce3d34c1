import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import type { Model, ModelDetails } from '@llamactl/client';
import { useState } from 'react';
import { bytes, number, parametersText } from '../../lib/figures.ts';
import { Badge } from '../../components/badge.tsx';
import { Button } from '../../components/button.tsx';
import { CodeBlock } from '../../components/code-block.tsx';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { Drawer } from '../../components/dialog.tsx';
import { Facts } from '../../components/panel.tsx';
import { QueryPart } from '../../components/query-part.tsx';
import { showError, showToast } from '../../components/toast.tsx';
import { useApp, useMay } from '../../lib/app.ts';
import { fileName } from '../../lib/file-name.ts';
import { useWords } from '../../lib/language.ts';
import { modelsWords } from '../../words/models.ts';
import { FitPart } from './fit-part.tsx';

/** The place of models that llamactl downloads. It deletes no files of other places, whose owners are others. */
const DOWNLOADED = 'hugging_face';

/** Everything that is known about a model of this machine. */
export function ModelDrawer({ model, onClose }: { model: Model; onClose: () => void }) {
  const words = useWords(modelsWords);
  const { client } = useApp();
  const isAdmin = useMay('admin');
  const navigate = useNavigate();
  const [asks, setAsks] = useState(false);
  const details = useQuery({
    queryKey: ['models', model.id],
    queryFn: ({ signal }) => client.getModel(model.id, { signal }),
  });
  return (
    <Drawer
      title={model.name}
      onClose={onClose}
      footer={
        isAdmin && (
          <>
            {model.source === DOWNLOADED && (
              <Button kind="danger" icon="trash" onClick={() => setAsks(true)}>
                {words.remove}
              </Button>
            )}
            <Button
              kind="primary"
              icon="plus"
              onClick={() => void navigate({ to: '/new', search: { model: model.ref ?? model.id } })}
            >
              {words.newInstance}
            </Button>
          </>
        )
      }
    >
      <div className="flex flex-col gap-6">
        {model.problems.length > 0 ? (
          <section>
            <h3 className="mb-1 font-strong text-bad">{words.problems}</h3>
            {model.problems.map((problem) => (
              <p key={problem} className="break-words">
                {problem}
              </p>
            ))}
          </section>
        ) : (
          <FitPart model={model.id} />
        )}
        <ModelFacts model={model} />
        {isAdmin && model.source !== DOWNLOADED && <p className="text-mute">{words.notRemoved[model.source]}</p>}
        <QueryPart query={details}>{(all) => <Details details={all} />}</QueryPart>
      </div>
      {asks && <Remove model={model} onClose={() => setAsks(false)} onRemoved={onClose} />}
    </Drawer>
  );
}

function ModelFacts({ model }: { model: Model }) {
  const words = useWords(modelsWords);
  const { facts } = words;
  const { ref, path, architecture, parameters, quantization, context, size, capabilities, used_by: users } = model;
  return (
    <Facts
      facts={[
        ref === null ? null : [facts.reference, <Copied key="ref" text={ref} />],
        [facts.path, <Copied key="path" text={path} />],
        architecture === null ? null : [facts.architecture, architecture],
        parameters === null ? null : [facts.parameters, parametersText(parameters)],
        quantization === null ? null : [facts.quant, quantization],
        context === null ? null : [facts.context, words.tokens(number(context))],
        [facts.size, bytes(size)],
        capabilities.length === 0 ? null : [facts.can, capabilities.map((each) => words.abilities[each]).join(', ')],
        users.length === 0 ? null : [facts.used, <UserLinks key="users" names={users} />],
      ]}
    />
  );
}

function Copied({ text }: { text: string }) {
  return (
    <span className="-my-1 flex items-start gap-1">
      <code className="min-w-0 py-1 break-all">{text}</code>
      <CopyButton text={text} />
    </span>
  );
}

/** Files, companions, the template and the header of the file. All of it is text of strangers. */
function Details({ details }: { details: ModelDetails }) {
  const words = useWords(modelsWords);
  const { files, companions, metadata, chat_template: template } = details;
  const entries = Object.entries(metadata);
  return (
    <>
      {(files.length > 1 || companions.length > 0) && (
        <section className="flex flex-col gap-2">
          <h3 className="font-strong">{words.facts.files}</h3>
          <Facts
            facts={[
              ...files.map(({ path, size }) => [fileName(path), bytes(size)] as const),
              ...companions.map(
                ({ kind, path, size }) => [`${words.companions[kind]}: ${fileName(path)}`, bytes(size)] as const,
              ),
            ]}
          />
        </section>
      )}
      {template !== null && (
        <details>
          <summary className="cursor-pointer font-strong">{words.template}</summary>
          <div className="mt-2 max-h-96 overflow-y-auto">
            <CodeBlock label={words.template} code={template} wraps />
          </div>
        </details>
      )}
      {entries.length > 0 && (
        <details>
          <summary className="cursor-pointer font-strong">{words.metadata}</summary>
          <div className="mt-2">
            <Facts
              facts={entries.map(
                ([name, value]) => [<code key={name}>{name}</code>, <code key="value">{String(value)}</code>] as const,
              )}
            />
          </div>
        </details>
      )}
    </>
  );
}

function Remove({ model, onClose, onRemoved }: { model: Model; onClose: () => void; onRemoved: () => void }) {
  const words = useWords(modelsWords);
  const { client, queries, rows } = useApp();
  const running = model.used_by.filter((name) => rows.row(name)?.status === 'running');
  const remove = useMutation({
    mutationFn: () => client.deleteModel(model.id),
    onSuccess: () => {
      showToast({ kind: 'done', text: words.removed(model.name) });
      onRemoved();
    },
    onError: (error) => {
      showError(error);
      onClose();
    },
    onSettled: () => void queries.invalidateQueries({ queryKey: ['models'], exact: true }),
  });
  return (
    <ConfirmDialog
      title={words.removeTitle(model.name)}
      confirm={words.remove}
      isDanger
      isPending={remove.isPending}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <p>{words.removeText(bytes(model.size))}</p>
      {model.used_by.length > 0 && (
        <p className="mt-2 text-warn">{words.removeUsed(model.used_by.join(', '), running.join(', '))}</p>
      )}
    </ConfirmDialog>
  );
}

/** The instances of a model as links. */
function UserLinks({ names }: { names: readonly string[] }) {
  return (
    <span className="flex flex-wrap gap-1">
      {names.map((name) => (
        <Link key={name} to="/instances/$name" params={{ name }} className="max-w-full">
          <Badge colour="accent">{name}</Badge>
        </Link>
      ))}
    </span>
  );
}
