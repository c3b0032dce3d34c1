import { TextArea } from '../../components/field.tsx';
import { useWords } from '../../lib/language.ts';
import { newWords } from '../../words/new.ts';
import { COMMAND_LINE } from './command-line.ts';
import { FieldPlace } from './field-place.tsx';
import { useForm, useSetting } from './form.ts';
import { engineOf } from './settings-document.ts';
import { LineSetting } from './setting-fields.tsx';
import { useTypedText } from './typed-text.ts';

/** The settings that only custom engines need. One that is set shows for every engine, so that it can be removed. */
export function CustomEngineFields() {
  const { behaviour: labels, hints } = useWords(newWords);
  const { document } = useForm();
  const engine = engineOf(document);
  const isSet = (key: string): boolean => document[key] !== undefined;
  return (
    <>
      {(engine === 'custom' || isSet('command')) && <CommandSetting />}
      {(engine !== 'llama_cpp' || isSet('health_path')) && (
        <LineSetting path="health_path" label={labels.healthPath} hint={hints.healthPath} placeholder="/health" />
      )}
    </>
  );
}

function CommandSetting() {
  const { behaviour: labels, hints, openQuote } = useWords(newWords);
  const { value, problem, warning, set } = useSetting('command');
  const [text, change] = useTypedText(value, COMMAND_LINE, set);
  return (
    <FieldPlace paths={['command']} className="wide:col-span-2">
      <TextArea
        label={labels.command}
        hint={hints.command}
        error={typeof value === 'string' ? openQuote : problem}
        warning={warning}
        isMono
        rows={2}
        spellCheck={false}
        placeholder="vllm serve ${MODEL_PATH} --port ${PORT}"
        value={text}
        onChange={({ target }) => change(target.value)}
      />
    </FieldPlace>
  );
}
