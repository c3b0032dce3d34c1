import { describe, expect, it } from 'vitest';
import { wireSchemas } from './client-models.ts';
import { pythonModels } from './python-models.ts';
import { pythonOperations } from './python-operations.ts';
import { pythonTwin } from './python-twin.ts';

const models = pythonModels('1.2.3');
const operations = pythonOperations('1.2.3');

/** From the name of a class to the next one. */
const classOf = (name: string): string =>
  new RegExp(`^class ${name}\\([^]*?(?=\\n\\n\\n)`, 'm').exec(models)?.[0] ?? '';
const methodOf = (name: string): string =>
  new RegExp(`    async def ${name}\\([^]*?\\n\\n`).exec(operations)?.[0] ?? '';

describe('models of the Python client', () => {
  it('include every named schema of the OpenAPI document, except bodies whose fields a method takes', () => {
    const names = new Set([...models.matchAll(/^(?:class )?(\w+)(?:\(|: TypeAlias)/gm)].map(([, name]) => name));
    const missing = Object.keys(wireSchemas('1.2.3')).filter((name) => !names.has(name));
    expect(missing.toSorted()).toEqual([
      'ChangePassword',
      'ConfigPatch',
      'CreateKey',
      'CreateUser',
      'Error',
      'Login',
      'NamedBody',
      'NamesBody',
      'ParseBody',
      'RenameInstance',
      'StopBody',
      'Subscribe',
      'UpdateInstance',
      'UpdateUser',
    ]);
  });

  it('have names of their own: the schema `Model` does not replace the base class of those after it', () => {
    const base = /^from \._model import Model as (\w+)$/m.exec(models)?.[1] ?? 'Model';
    const names = new Set([...models.matchAll(/^class (\w+)\(/gm)].map(([, name]) => name));
    expect(names).toContain('Model');
    expect(names).not.toContain(base);
    expect(classOf('Problem')).toContain(`class Problem(${base}):`);
  });

  it('have the description of each field, and mark optional and nullable ones', () => {
    expect(classOf('Problem')).toBe(`class Problem(_Base):
    path: str
    """Where the problem is, dotted: \`options.threads\`; empty for the whole body."""
    message: str
    """Problem, and the expected value."""
    phrase: Phrase | None
    """\`message\` as data; absent: no kind of phrase."""`);
    expect(classOf('Instance')).toContain('    model_path: str | None\n');
    expect(classOf('Instance')).toContain('    pid: int | None\n');
  });

  it('have a class for each nested object, shared by equal ones', () => {
    expect(classOf('ConfigView')).toContain('    config: Config\n');
    expect(classOf('ConfigWritten')).toContain('    config: Config');
    expect(classOf('Health')).toContain('    checks: HealthChecks\n');
    expect(classOf('GapEvent')).toContain('    data: GapEventData');
  });

  it('are dictionaries for documents that people write', () => {
    expect(models).toContain('class _CreateInstanceRequired(TypedDict):\n    name: str\n');
    expect(models).toContain('class Fleet(_FleetRequired, total=False):\n');
  });
});

describe('operations of the Python client', () => {
  it('take path parameters and required fields by position, all others by name', () => {
    expect(methodOf('create_key')).toMatch(
      /\(\n {8}self,\n {8}name: str,\n {8}\*,\n {8}scopes: list\[models\.Scope\] \| None = None,\n/,
    );
    expect(methodOf('get_instance_stats')).toContain('        window: str | None = None,\n');
    expect(methodOf('get_instance_logs')).not.toContain('follow');
  });

  it('distinguish a field that is left out from one that is removed', () => {
    expect(methodOf('update_instance')).toContain('        group: str | None | Unset = UNSET,\n');
    expect(methodOf('update_user')).toContain('        disabled: bool | None = None,\n');
  });

  it('return a list as a list, and text as text', () => {
    expect(methodOf('list_users')).toContain(') -> list[models.User]:');
    expect(methodOf('get_metrics')).toContain(') -> str:');
  });

  it('are the same in the blocking client', () => {
    const twin = pythonTwin(operations);
    expect(twin).not.toMatch(/\bawait\b|\basync\b/);
    expect(twin.match(/ def \w+/g)).toEqual(operations.match(/ def \w+/g));
  });
});
