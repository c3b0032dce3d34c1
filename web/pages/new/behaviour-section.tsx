import { useId } from 'react';
import { Panel } from '../../components/panel.tsx';
import { useWords } from '../../lib/language.ts';
import { useAllRows } from '../../lib/live/live-hooks.ts';
import { newWords } from '../../words/new.ts';
import { useForm } from './form.ts';
import { ChoiceSetting, JsonSetting, LineSetting, LinesSetting, SwitchSetting } from './setting-fields.tsx';
import { engineOf } from './settings-document.ts';

/** How llamactl treats the instance: starts, stops, names, and what it adds to requests. */
export function BehaviourSection() {
  const words = useWords(newWords);
  const groups = useId();
  const rows = useAllRows() ?? [];
  const { behaviour: labels, hints } = words;
  const { document } = useForm();
  // Other engines refuse it. One that has it all the same must be able to lose it.
  const keepsContext = engineOf(document) === 'llama_cpp' || document['keep_context'] === 'auto';
  return (
    <Panel title={words.sections.behaviour}>
      <div className="grid items-start gap-x-6 gap-y-4 wide:grid-cols-2">
        <div className="flex flex-col gap-3">
          <SwitchSetting path="on_demand" standard label={labels.onDemand} hint={hints.onDemand} />
          <SwitchSetting path="auto_start" standard={false} label={labels.autoStart} hint={hints.autoStart} />
          <SwitchSetting path="pinned" standard={false} label={labels.pinned} hint={hints.pinned} />
          <SwitchSetting path="unlisted" standard={false} label={labels.unlisted} hint={hints.unlisted} />
        </div>
        <div className="flex flex-col gap-4">
          <LineSetting
            path="idle_timeout"
            kind="number"
            label={labels.idleTimeout}
            hint={hints.idleTimeout}
            placeholder={words.standard}
          />
          <ChoiceSetting
            path="auto_restart"
            label={labels.autoRestart}
            hint={hints.autoRestart}
            choices={[
              { value: 'on', label: words.switches.on, means: true },
              { value: 'off', label: words.switches.off, means: false },
            ]}
          />
          <LineSetting
            path="max_restarts"
            kind="number"
            label={labels.maxRestarts}
            hint={hints.maxRestarts}
            placeholder={words.standard}
          />
        </div>
        <LinesSetting path="aliases" kind="lines" rows={2} label={labels.aliases} hint={hints.aliases} />
        <LineSetting path="group" label={labels.group} hint={hints.group} list={groups} placeholder={words.none} />
        <datalist id={groups}>
          {[...new Set(rows.flatMap(({ group }) => group ?? []))].map((group) => (
            <option key={group} value={group} />
          ))}
        </datalist>
        {keepsContext && (
          <ChoiceSetting
            path="keep_context"
            label={labels.keepContext}
            hint={hints.keepContext}
            choices={[
              { value: 'auto', label: words.switches.on, means: 'auto' },
              { value: 'off', label: words.switches.off, means: 'off' },
            ]}
          />
        )}
        <LineSetting path="preset" label={labels.preset} hint={hints.preset} placeholder={words.none} />
        <LineSetting
          path="concurrency"
          kind="number"
          label={labels.concurrency}
          hint={hints.concurrency}
          placeholder={words.noLimit}
        />
        <LineSetting path="port" kind="number" label={labels.port} hint={hints.port} placeholder={words.standard} />
        <LinesSetting
          path="system_prompt"
          kind="text"
          label={labels.systemPrompt}
          hint={hints.systemPrompt}
          className="wide:col-span-2"
        />
        <JsonSetting
          path="request_defaults"
          label={labels.requestDefaults}
          hint={hints.requestDefaults}
          placeholder={'{ "temperature": 0.7 }'}
        />
        <LinesSetting
          path="environment"
          kind="variables"
          label={labels.environment}
          hint={hints.environment}
          placeholder="CUDA_VISIBLE_DEVICES=0"
        />
        <LinesSetting
          path="extra_args"
          kind="lines"
          label={labels.extraArgs}
          hint={hints.extraArgs}
          className="wide:col-span-2"
        />
      </div>
    </Panel>
  );
}
