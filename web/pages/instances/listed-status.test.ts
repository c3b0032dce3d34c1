import { describe, expect, it } from 'vitest';
import { sampleRow } from '../../testing/sample-row.ts';
import { listedStatus, needsRepair } from './listed-status.ts';
import { filteredRows, sortedRows } from './instance-order.ts';

const at = '2026-11-30T00:00:00Z';
const refused = (code: 'MODEL_NOT_FOUND' | 'DOES_NOT_FIT' | 'CAPACITY_EXCEEDED') => ({ at, code, message: 'no' });

describe('the status in the list', () => {
  it('says that a stopped instance cannot start', () => {
    expect(listedStatus(sampleRow({ status: 'stopped', refused: refused('MODEL_NOT_FOUND') }))).toBe('blocked');
    expect(listedStatus(sampleRow({ status: 'stopped', refused: refused('DOES_NOT_FIT') }))).toBe('blocked');
  });

  it('is stopped if only the slots were full, or nothing was refused', () => {
    expect(listedStatus(sampleRow({ status: 'stopped', refused: refused('CAPACITY_EXCEEDED') }))).toBe('stopped');
    expect(listedStatus(sampleRow({ status: 'stopped', refused: null }))).toBe('stopped');
  });

  it('is that of the engine while one runs', () => {
    expect(listedStatus(sampleRow({ status: 'running', refused: refused('MODEL_NOT_FOUND') }))).toBe('running');
  });

  it('needs a repair before a start if it cannot start, or if the engine refused an argument', () => {
    expect(needsRepair(sampleRow({ status: 'stopped', refused: refused('MODEL_NOT_FOUND') }))).toBe(true);
    expect(needsRepair(sampleRow({ status: 'failed', cause: 'argument' }))).toBe(true);
    expect(needsRepair(sampleRow({ status: 'failed', cause: 'crash' }))).toBe(false);
    expect(needsRepair(sampleRow({ status: 'stopped', cause: 'argument' }))).toBe(false);
  });

  it('filters and sorts rows: those that cannot start come before those that change', () => {
    const rows = [
      sampleRow({ name: 'healthy', status: 'stopped' }),
      sampleRow({ name: 'starting', status: 'starting' }),
      sampleRow({ name: 'blocked', status: 'stopped', refused: refused('MODEL_NOT_FOUND') }),
      sampleRow({ name: 'failed', status: 'failed' }),
    ];
    const names = (status: 'blocked' | 'stopped') => filteredRows(rows, { status }).map(({ name }) => name);
    expect(names('blocked')).toEqual(['blocked']);
    expect(names('stopped')).toEqual(['healthy']);
    const sorted = sortedRows(rows, 'status', 'up').map(({ name }) => name);
    expect(sorted).toEqual(['failed', 'blocked', 'starting', 'healthy']);
  });
});
