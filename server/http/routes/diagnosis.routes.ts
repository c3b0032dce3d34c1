import type { Doctor } from '@llamactl/contract/doctor';
import type { LogLevel } from '@llamactl/contract/logs';
import { OPERATIONS } from '@llamactl/contract/operations';
import type { ServerLog } from '@llamactl/contract/server-log';
import type { Bind } from '../operations.ts';

/** The last lines of llamactl's own log. */
export interface ServerLogView {
  read(query: { lines: number; level: LogLevel; text: string | null }): ServerLog;
}

const DEFAULT_LINES = 200;

/** Checks the server and its machine. */
export interface DoctorView {
  examine(): Promise<Doctor>;
}

/** The doctor, and the log of llamactl: for administrators who look for a fault of the server. */
export function diagnosisRoutes(bind: Bind, { ownLog, doctor }: { ownLog: ServerLogView; doctor: DoctorView }): void {
  bind(OPERATIONS.getDoctor, () => doctor.examine());
  bind(OPERATIONS.getSystemLogs, ({ query: { lines = DEFAULT_LINES, level = 'debug', q = null } }) =>
    ownLog.read({ lines, level, text: q }),
  );
}
