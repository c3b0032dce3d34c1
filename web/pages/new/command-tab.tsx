import { useMutation } from '@tanstack/react-query';
import type { DroppedText, JsonValue, Parsed, ParsedInstance } from '@llamactl/client';
import { Button } from '../../components/button.tsx';
import { CodeBlock } from '../../components/code-block.tsx';
import { TextArea } from '../../components/field.tsx';
import { Icon } from '../../components/icons.tsx';
import { Panel } from '../../components/panel.tsx';
import { StatusShape } from '../../components/status.tsx';
import { ErrorSentence } from '../../components/server-sentence.tsx';
import { useApp } from '../../lib/app.ts';
import { instanceName } from '../../lib/instance-name.ts';
import { useWords } from '../../lib/language.ts';
import { useRowNames } from '../../lib/live/live-hooks.ts';
import { isRecord } from '../../lib/record.ts';
import { newWords } from '../../words/new.ts';
import { useForm } from './form.ts';
import { commandText } from './command-text.ts';
import { changesBetween, isJson } from './settings-document.ts';
import { useTexts } from './unread.ts';

interface CommandTabProps {
  /** The command of the settings; empty: it is not known yet. */
  command: readonly string[];
  onUsed: () => void;
}

/** The command of the settings. Reads others from a command line, a `docker run` or a model of llama-swap. */
export function CommandTab({ command, onUsed }: CommandTabProps) {
  const words = useWords(newWords);
  const { client } = useApp();
  const { name, document, dispatch } = useForm();
  const names = useRowNames() ?? [];
  const { texts, setTexts } = useTexts();
  const text = texts.command;
  const setText = (next: string): void => setTexts((before) => ({ ...before, command: next }));
  const parse = useMutation({ mutationFn: (pasted: string) => client.parseEngineCommand({ text: pasted }) });
  const use = (instance: ParsedInstance): void => {
    const values = valuesOf(instance);
    if (name !== null) values.delete('name');
    else if (!values.has('name') && document['name'] === undefined) {
      values.set('name', instanceName(instance.settings.model_path ?? '', names));
    }
    if (values.has('model_path')) values.set('model', undefined);
    dispatch({ kind: 'merge', values });
    setText('');
    onUsed();
  };
  return (
    <>
      <Panel title={words.command}>
        {command.length === 0 ? (
          <p className="text-mute">{words.noCommand}</p>
        ) : (
          <CodeBlock label={words.command} code={commandText(command)} />
        )}
      </Panel>
      <Panel title={words.pasteTitle}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            parse.mutate(text);
          }}
          className="flex flex-col gap-3"
        >
          <TextArea
            label={words.pasteLabel}
            hint={words.pasteHint}
            error={parse.isError ? <ErrorSentence error={parse.error} /> : null}
            isMono
            rows={6}
            spellCheck={false}
            placeholder="llama-server -m /models/chat.gguf -c 16384 -ngl 99"
            value={text}
            onChange={({ target }) => setText(target.value)}
          />
          <Button
            type="submit"
            kind="primary"
            className="self-start"
            disabled={text.trim() === ''}
            isPending={parse.isPending}
          >
            {words.readIt}
          </Button>
        </form>
      </Panel>
      {parse.data?.instances.map((instance, at) => (
        <Understood
          // oxlint-disable-next-line react/no-array-index-key -- the answer keeps its order
          key={at}
          instance={instance}
          format={words.formats[parse.data.format]}
          onUse={() => use(instance)}
        />
      ))}
      {parse.data !== undefined && <LeftOut parsed={parse.data} />}
    </>
  );
}

/** The settings of a text by dotted path. */
function valuesOf({ settings }: ParsedInstance): Map<string, JsonValue | undefined> {
  const document = isJson(settings) && isRecord(settings) ? settings : {};
  return new Map(changesBetween({}, document).map(({ path, after }) => [path, after]));
}

interface UnderstoodProps {
  instance: ParsedInstance;
  /** The kind of text. */
  format: string;
  onUse: () => void;
}

function Understood({ instance, format, onUse }: UnderstoodProps) {
  const words = useWords(newWords);
  const { understood, dropped, settings } = instance;
  return (
    <Panel
      title={settings.name ?? words.understoodAs(format)}
      actions={
        <Button kind="primary" size="small" disabled={understood.length === 0} onClick={onUse}>
          {words.useSettings}
        </Button>
      }
    >
      <div className="flex flex-col gap-5">
        <section className="flex flex-col gap-1">
          <h3 className="flex items-center gap-1.5 font-strong">
            <StatusShape of="ok" />
            {words.understood(understood.length)}
          </h3>
          <dl className="grid grid-cols-[minmax(0,1fr)_auto_minmax(0,1fr)] gap-x-3 gap-y-1">
            {understood.map(({ text, path }) => (
              <div key={`${text} ${path}`} className="contents">
                <dt className="min-w-0">
                  <code className="break-all">{text}</code>
                </dt>
                <dd aria-hidden="true" className="text-mute">
                  →
                </dd>
                <dd className="min-w-0">
                  <code className="font-strong break-all">{path}</code>
                </dd>
              </div>
            ))}
          </dl>
        </section>
        {dropped.length > 0 && <DroppedTexts dropped={dropped} />}
      </div>
    </Panel>
  );
}

/** The models that could not be read, and the global settings of the text. */
function LeftOut({ parsed: { unread = [], dropped = [] } }: { parsed: Parsed }) {
  const words = useWords(newWords);
  const models = unread.map(({ model, line, why }) => ({
    text: model ?? words.lineAt(line),
    why: `${words.lineAt(line)}: ${why}`,
  }));
  const all = [...models, ...dropped];
  if (all.length === 0) return null;
  return (
    <Panel title={words.leftOutTitle}>
      <DroppedTexts dropped={all} />
    </Panel>
  );
}

function DroppedTexts({ dropped }: { dropped: readonly DroppedText[] }) {
  const words = useWords(newWords);
  return (
    <section className="flex flex-col gap-1">
      <h3 className="flex items-center gap-1.5 font-strong">
        <StatusShape of="warn" />
        {words.dropped(dropped.length)}
      </h3>
      <ul className="flex flex-col gap-2">
        {dropped.map(({ text, why }) => (
          <li key={`${text} ${why}`} className="flex items-start gap-1.5">
            <Icon name="cross" size={14} className="mt-0.5 text-mute" />
            <span className="min-w-0">
              <code className="break-all">{text}</code>
              <span className="block break-words text-mute">{why}</span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
