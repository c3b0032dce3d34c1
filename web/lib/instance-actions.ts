import type { Status } from '@llamactl/client';
import { createContext, use, useMemo } from 'react';
import { useApp } from './app.ts';
import type { Row } from './live/row-store.ts';

/** A command that the user has to confirm. */
export interface Question {
  command: 'stop' | 'restart' | 'delete';
  names: readonly string[];
}

/** Opens the dialog of a question. The shell has it. */
export const AskContext = createContext<(question: Question) => void>(() => undefined);

/** Whether a start changes something. */
export function canStart({ status }: { status: Status }): boolean {
  return status === 'stopped' || status === 'failed';
}

/** Whether a stop changes something. */
export function canStop({ status }: { status: Status }): boolean {
  return status === 'running' || status === 'starting' || status === 'restarting';
}

/** Whether requests are under way. */
export function isBusy({ in_flight: answered, waiting }: Pick<Row, 'in_flight' | 'waiting'>): boolean {
  return answered + waiting > 0;
}

/** Commands of the page. A stop or restart with requests under way asks first, and a deletion always. */
export interface InstanceActions {
  start: (...names: readonly string[]) => void;
  stop: (...names: readonly string[]) => void;
  restart: (...names: readonly string[]) => void;
  /** Starts what does not run, and stops what runs. */
  toggle: (name: string) => void;
  delete: (...names: readonly string[]) => void;
}

/** Returns the commands that buttons and keys use. */
export function useInstanceActions(): InstanceActions {
  const { commands, rows } = useApp();
  const ask = use(AskContext);
  return useMemo(() => {
    const rowsOf = (names: readonly string[]): Row[] => names.flatMap((name) => rows.row(name) ?? []);
    const end = (command: 'stop' | 'restart', names: readonly string[]): void => {
      if (rowsOf(names).some(isBusy)) ask({ command, names });
      else commands[command](...names);
    };
    return {
      start: (...names) => commands.start(...names),
      stop: (...names) => end('stop', names),
      restart: (...names) => end('restart', names),
      toggle: (name) => {
        const row = rows.row(name);
        if (row === undefined) return;
        if (canStart(row)) commands.start(name);
        else if (canStop(row)) end('stop', [name]);
      },
      delete: (...names) => ask({ command: 'delete', names }),
    };
  }, [commands, rows, ask]);
}
