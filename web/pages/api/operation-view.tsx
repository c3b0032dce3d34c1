import type { ReactNode } from 'react';
import { CodeBlock } from '../../components/code-block.tsx';
import { Facts } from '../../components/panel.tsx';
import { Table, Td, Th, Tr } from '../../components/table.tsx';
import { Prose } from '../../components/prose.tsx';
import { useApp, useMay } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { useStored } from '../../lib/value-store.ts';
import { apiWords } from '../../words/api.ts';
import { isSendable, type ApiErrorCase, type Operation, type Parameter, type Schemas } from './api-document.ts';
import { curlLine } from './curl-line.ts';
import { MethodMark } from './method-mark.tsx';
import { ContentView, FieldLine } from './schema-view.tsx';
import { kindOf, remarksOf, resolved } from './schema-tree.ts';
import { SendPanel } from './send-panel.tsx';

interface OperationViewProps {
  operation: Operation;
  schemas: Schemas;
  /** The address of the server with its prefix. */
  base: string;
}

/** Everything about one operation. */
export function OperationView({ operation, schemas, base }: OperationViewProps) {
  const words = useWords(apiWords);
  const isAuthEnabled = useIsAuthEnabled();
  const maySend = useMaySend(operation);
  const { id, method, path, summary, permission, cost, credentials, parameters, body, answers, errors } = operation;
  return (
    <article aria-labelledby="operation" className="flex max-w-4xl flex-col gap-6">
      <div>
        <h2 id="operation" className="flex items-baseline gap-1 text-section">
          <MethodMark method={method} />
          <span className="min-w-0 font-mono text-form font-strong break-all">{path}</span>
        </h2>
        <p className="mt-1 text-form">
          <Prose text={summary} />
        </p>
      </div>
      <Facts
        facts={[
          [words.who, words.permissions[permission] ?? permission],
          [words.cost, words.costs[cost] ?? cost],
          [words.credentialsTitle, words.credentials[credentials]],
          [words.id, <code key="id">{id}</code>],
        ]}
      />
      <div>
        <CodeBlock label={words.command} code={curlLine(operation, { base, isAuthEnabled })} wraps />
        {maySend && <SendPanel key={id} operation={operation} base={base} />}
      </div>
      {parameters.length > 0 && (
        <Section title={words.parameters}>
          <ul className="rounded-control border border-line">
            {parameters.map((parameter) => (
              <ParameterRow key={parameter.in + parameter.name} parameter={parameter} schemas={schemas} />
            ))}
          </ul>
        </Section>
      )}
      {body !== null && (
        <Section title={words.body} note={body.isRequired ? undefined : words.bodyOptional}>
          <ContentView content={body.content} schemas={schemas} direction="sent" />
        </Section>
      )}
      {answers.map(({ status, description, content }) => (
        <Section key={status} title={words.answer(status)} note={description}>
          <ContentView content={content} schemas={schemas} direction="answered" />
        </Section>
      ))}
      <Section title={words.errors}>
        <ErrorTable errors={errors} />
      </Section>
    </article>
  );
}

function Section({ title, note, children }: { title: string; note?: string | undefined; children: ReactNode }) {
  return (
    <section>
      <h3 className="mb-2 font-strong">
        {title}
        {note !== undefined && <span className="ml-2 font-normal text-mute">{note}</span>}
      </h3>
      {children}
    </section>
  );
}

function ParameterRow({ parameter, schemas }: { parameter: Parameter; schemas: Schemas }) {
  const words = useWords(apiWords);
  const { name, in: place, required = false, description, schema } = parameter;
  const own = resolved(schema, schemas);
  return (
    <li className="border-b border-line last:border-0">
      <FieldLine
        heading={<code className="font-strong break-all">{name}</code>}
        isIndented={false}
        kind={kindOf(schema, schemas, words.schema)}
        place={words.inPlace[place]}
        remark={required && 'required'}
        description={description ?? own.description ?? null}
        remarks={remarksOf(own, words.schema)}
      />
    </li>
  );
}

function ErrorTable({ errors }: { errors: readonly ApiErrorCase[] }) {
  const words = useWords(apiWords);
  return (
    <Table
      label={words.errors}
      head={
        <>
          <Th>{words.statusColumn}</Th>
          <Th>{words.codeColumn}</Th>
          <Th>{words.meaningColumn}</Th>
        </>
      }
    >
      {errors.map(({ status, code, meaning }) => (
        <Tr key={status + code}>
          <Td className="figures align-top">{status}</Td>
          <Td className="align-top">
            <code>{code}</code>
          </Td>
          <Td className="min-w-64">
            <Prose text={meaning} />
          </Td>
        </Tr>
      ))}
    </Table>
  );
}

/** Whether requests need credentials. Who is not logged in sees this page only while they do. */
export function useIsAuthEnabled(): boolean {
  const state = useStored(useApp().logIn.state);
  return state.kind !== 'in' || state.me.auth_enabled;
}

/** Whether this tab may send the operation. A reader without a log-in has no token. */
function useMaySend(operation: Operation): boolean {
  const state = useStored(useApp().logIn.state);
  const isOperator = useMay('operator');
  const isAdmin = useMay('admin');
  if (state.kind !== 'in' || !isSendable(operation)) return false;
  if (operation.permission === 'admin') return isAdmin;
  return operation.permission !== 'operator' || isOperator;
}
