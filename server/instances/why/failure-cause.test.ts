import { expect, it } from 'vitest';
import { causeOf } from './failure-cause.ts';

it.each(['22.00 GiB of nvidia:0', '700.5 MiB of ram', '22.00 GB of nvidia:0', '700.5 MB of ram'])(
  'a start that needs %s does not fit, also in the reasons that earlier versions stored',
  (need) => {
    expect(causeOf(`it needs ${need}, and can get at most 1 MiB; raise \`memory.overcommit\` (now 1)`)).toBe(
      'does_not_fit',
    );
  },
);
