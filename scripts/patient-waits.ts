import { vi } from 'vitest';

/**
 * A setup file of vitest: without a limit in the test, `vi.waitFor` waits up to half a minute. Its own limit of one
 * second is too short on a busy machine, where a program alone takes longer to start.
 */

const PATIENCE_MS = 30_000;
const IS_PATIENT = Symbol.for('llamactl.patient-waits');

// Files that share a process run this once each.
if (!(IS_PATIENT in vi.waitFor)) {
  const { waitFor } = vi;
  const patient: typeof vi.waitFor = (callback, options) =>
    waitFor(callback, typeof options === 'number' ? options : { timeout: PATIENCE_MS, ...options });
  vi.waitFor = Object.assign(patient, { [IS_PATIENT]: true });
}
