import { expect, test } from 'vitest';
import { disksOf, type Folder } from './disks.ts';

const folder = (path: string, filesystem: number | null): Folder => ({
  kind: 'models',
  path,
  disk_total: filesystem === null ? null : 100,
  disk_free: filesystem === null ? null : 40,
  filesystem,
});

test('folders of one filesystem are one disk, and equal disks stay apart', () => {
  const disks = disksOf([folder('/data', 1), folder('/models', 2), folder('/cache', 1)]);
  expect(disks.map(({ folders }) => folders.map(({ path }) => path))).toEqual([['/data', '/cache'], ['/models']]);
  expect(disks[0]).toMatchObject({ total: 100, free: 40 });
});

test('folders whose filesystem is unknown stand alone', () => {
  expect(disksOf([folder('/a', null), folder('/b', null)])).toHaveLength(2);
});
