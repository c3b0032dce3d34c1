import { readFileSync } from 'node:fs';
import type { Parsed } from '@llamactl/contract/engine';
import { describe, expect, it } from 'vitest';
import { parseHelp } from '../flags.ts';
import { parsePasted } from './pasted-text.ts';

const HELP = readFileSync(new URL('../fixtures/llama-server-help.txt', import.meta.url), 'utf8');
const catalogue = parseHelp(HELP);
const parsed = (text: string): Parsed => parsePasted(text, { catalogue, allowPrivileged: false });
const whyOf = ({ dropped }: Pick<Parsed, 'dropped'>, text: string): string | undefined =>
  dropped?.find((each) => each.text === text)?.why;

describe('groups of llama-swap', () => {
  const MODELS =
    'models:\n' + ['a', 'b', 'c', 'd'].map((name) => `  ${name}: { cmd: llama-server -m /${name} }\n`).join('');
  const groupsOf = ({ instances }: Parsed) =>
    instances.map(({ settings: { group, pinned } }) => group ?? pinned ?? null);

  it('become groups of the configuration, and settings of their members', () => {
    const answer = parsed(
      `${MODELS}groups:\n  big: { members: [a, b] }\n  small: { swap: false, exclusive: false, persistent: true, members: [c] }\n`,
    );
    // Also one model in no group has such a group in llama-swap.
    expect(groupsOf(answer)).toEqual(['big', 'big', true, 'default']);
    const limits = { max_running: 1, exclusive: true };
    expect(answer.configuration).toEqual({ groups: { big: limits, default: limits } });
    expect(whyOf(answer, 'groups.big')).toMatch(/`groups.big` of the configuration; .*`group: big`.*both ways/);
    expect(whyOf(answer, 'groups.small')).toContain('pinned');
  });

  it('have one for the models in none, as in llama-swap', () => {
    const answer = parsed(`${MODELS}groups:\n  default: { exclusive: false, members: [a, b] }\n`);
    expect(groupsOf(answer)).toEqual(['default', 'default', 'without-group', 'without-group']);
    expect(answer.configuration).toEqual({
      groups: { default: { max_running: 1 }, 'without-group': { max_running: 1, exclusive: true } },
    });
  });

  describe('that are persistent, with models that have a ttl', () => {
    const withTtl = (models: string, groups: string): Parsed => {
      const idle = models.split(' ').map((name) => `  ${name}: { cmd: llama-server -m /m, ttl: 9 }`);
      const lines = ['models:', ...idle, '  z: { cmd: llama-server -m /m, ttl: 0 }', `groups: ${groups}`];
      return parsed(`${lines.join('\n')}\n`);
    };
    const settingsOf = (answer: Parsed) =>
      answer.instances.map(({ settings: { pinned, group, idle_timeout: idle } }) => ({ pinned, group, idle }));
    const ALWAYS = '{ persistent: true, swap: false, exclusive: false, members: [c, z] }';

    it('pin none of these if the others need no exclusive group', () => {
      const answer = withTtl('a b c', `{ big: { members: [a, b] }, always: ${ALWAYS} }`);
      expect(settingsOf(answer)).toEqual([
        { group: 'big', idle: 9 },
        { group: 'big', idle: 9 },
        { idle: 9 },
        { pinned: true, idle: 0 },
      ]);
      expect(answer.configuration).toEqual({ groups: { big: { max_running: 1 } } });
      expect(whyOf(answer, 'groups.big')).toContain('It needs no `exclusive`: all other models are persistent');
      expect(whyOf(answer, 'groups.always')).toContain('except those with a ttl');
    });

    it('pin these otherwise, and name the ttl that is lost', () => {
      const answer = withTtl('a b c', `{ big: { members: [a] }, small: { members: [b] }, always: ${ALWAYS} }`);
      expect(settingsOf(answer)[2]).toEqual({ pinned: true });
      expect(answer.instances[2]?.dropped).toContainEqual({
        text: 'ttl: 9',
        why:
          'a pinned instance does not stop when idle, and `persistent` pins it; ' +
          'or `llamactl update c --no-pinned --idle-timeout 9`, and starts of exclusive groups stop it',
      });
      expect(answer.configuration).toEqual({ groups: { big: { exclusive: true }, small: { exclusive: true } } });
      const ofGroup = withTtl('a c', '{ always: { persistent: true, swap: false, members: [c, z] } }');
      expect(ofGroup.configuration).toMatchObject({ groups: { always: { exclusive: true, pinned: true } } });
      expect(settingsOf(ofGroup)[1]).toEqual({ group: 'always' });
    });
  });

  it('are no pinned ones whose members replace each other', () => {
    const answer = parsed(`${MODELS}groups:\n  big: { persistent: true, exclusive: false, members: [a, b, c, d] }\n`);
    expect(answer.configuration).toEqual({ groups: { big: { max_running: 1 } } });
    expect(whyOf(answer, 'groups.big')).toContain('`persistent` with `swap` has no counterpart');
  });

  it('name the models that stop an exclusive group only here', () => {
    const answer = parsed(
      `${MODELS}groups:\n  gpu: { members: [a, b] }\n  code: { swap: false, exclusive: false, members: [c, d] }\n`,
    );
    expect(whyOf(answer, 'groups.gpu')).toContain(
      'a start of c, d stops its members, which llama-swap keeps. With `groups.gpu.exclusive: false` all of these may run together',
    );
  });

  it('are named if they limit nothing, or are none', () => {
    const answer = parsed(`${MODELS}groups:\n  x: { swap: false, exclusive: false, members: [a, b, c, d] }\n  y: 5\n`);
    expect(answer.configuration).toEqual({});
    expect([whyOf(answer, 'groups.x'), whyOf(answer, 'groups.y')]).toEqual([
      'limits nothing, so its members need no group here',
      'is not a group of llama-swap with `members`',
    ]);
  });

  it('missing mean one model at a time', () => {
    expect(parsed(MODELS).configuration).toEqual({ instances: { max_running: 1 } });
    expect(parsed('models:\n  a: { cmd: llama-server }\n').configuration).toEqual({});
    expect(parsed(`${MODELS}matrix: { sets: {} }\n`).configuration).toEqual({});
    expect(parsed('a: { cmd: llama-server }\nb: { cmd: llama-server }\n').configuration).toBeUndefined();
  });
});

describe('the routing of llama-swap', () => {
  const MODELS = 'models:\n' + ['a', 'b', 'c'].map((name) => `  ${name}: { cmd: llama-server -m /${name} }\n`).join('');
  const routed = (routing: string): Parsed => parsed(`${MODELS}routing: ${routing}\n`);

  it('has groups in its current place, which mean the same as outermost ones', () => {
    const groups =
      '{ big: { members: [a, b] }, forever: { persistent: true, swap: false, exclusive: false, members: [c] } }';
    const answer = routed(`{ router: { use: group, settings: { groups: ${groups} } }, scheduler: { use: fifo } }`);
    expect(answer).toEqual(parsed(`${MODELS}groups: ${groups}\n`));
    expect(answer.configuration).toEqual({ groups: { big: { max_running: 1, exclusive: true } } });
    expect(answer.dropped?.map(({ text }) => text)).toEqual(['groups.big', 'groups.forever']);
  });

  it('uses groups unless it names a router', () => {
    const answer = routed(
      '{ router: { settings: { groups: { big: { members: [a, b, c] } }, matrix: { sets: {} } } } }',
    );
    expect(answer.configuration).toEqual({ groups: { big: { max_running: 1, exclusive: true } } });
    expect(whyOf(answer, 'routing.router.settings.matrix')).toContain('is not used');
  });

  describe('with a matrix', () => {
    const withSets = (sets: string, models = MODELS): Parsed => parsed(`${models}matrix: { sets: ${sets} }\n`);
    const groupsOf = ({ instances }: Parsed) => instances.map(({ settings }) => settings.group ?? null);
    const L = 'models:\n' + ['a', 'b', 'c', 'L', 'x'].map((name) => `  ${name}: { cmd: llama-server }\n`).join('');

    it('has groups that let the same models run together', () => {
      const answer = withSets('{ llms: "a | b", standard: "+llms & c", full: L }', L);
      expect(answer.configuration).toEqual({
        groups: { 'either-1': { max_running: 1 }, alone: { max_running: 1, exclusive: true } },
      });
      expect(groupsOf(answer)).toEqual(['either-1', 'either-1', null, 'alone', 'alone']);
      expect(whyOf(answer, 'matrix')).toContain('`groups.either-1` and `groups.alone` of the configuration');
    });

    it('has one model at a time, or no limit, if its sets say so', () => {
      expect(withSets('{ s: "(a | b) | c" }').configuration).toEqual({ instances: { max_running: 1 } });
      expect(withSets('{ s: a & b & c }').configuration).toEqual({});
    });

    it('may name its models, in its current place', () => {
      const matrix = '{ vars: { g: a, q: b }, sets: { s: "(g | q) & c" }, evict_costs: { g: 50 } }';
      const answer = routed(`{ router: { use: matrix, settings: { matrix: ${matrix} } } }`);
      expect(groupsOf(answer)).toEqual(['either-1', 'either-1', null]);
      expect(answer.dropped?.map(({ text }) => text)).toEqual([
        'routing.router.settings.matrix',
        'routing.router.settings.matrix.evict_costs',
      ]);
    });

    it.each([
      ['{ s: a & b, t: b & c, u: c & L }', 'L and c may run together, and neither runs with a'],
      ['{ s: a & b & x, t: c & x }', 'no two groups keep c and b apart'],
      ['{ s: a & b, t: b & c, u: a & c }', 'a, b, c may run in pairs, but not all together'],
      ['{ s: a & nope }', 'has an invalid set, an unknown model'],
      ['{ s: "a &" }', 'has an invalid set'],
      ['{ s: "(a" }', 'has an invalid set'],
      ['{ s: "+s" }', 'has an invalid set'],
      ['5', 'has an invalid set'],
      [`{ s: "${'(a | b | c) & '.repeat(40)}a" }`, 'or too many of them'],
      [`{ s: "${'('.repeat(20_000)}a" }`, 'has an invalid set'],
      [
        `{ ${Array.from({ length: 200 }, (_, n) => `s${n}: "+s${n + 1} & +s${n + 1}"`).join(', ')}, s200: a }`,
        'has an ',
      ],
    ])('has no counterpart otherwise, and says why: %s', (sets, why) => {
      const answer = withSets(sets, L);
      expect(answer.configuration).toEqual({});
      expect(whyOf(answer, 'matrix')).toContain(why);
    });
  });

  it('is not read beside outermost groups, which llama-swap refuses', () => {
    const answer = parsed(`${MODELS}groups: { big: { members: [a, b, c] } }\nrouting: { router: { use: matrix } }\n`);
    expect(answer.configuration).toEqual({ groups: { big: { max_running: 1, exclusive: true } } });
    expect(whyOf(answer, 'routing.router')).toContain('it was not read');
  });

  it('has names for its parts without a counterpart', () => {
    const answer = routed(
      '{ router: { use: x }, scheduler: { settings: { fifo: { priority: { a: 5 } } } }, extra: 1 }',
    );
    expect(answer.dropped?.map(({ text }) => text)).toEqual([
      'no groups',
      'routing.extra',
      'routing.scheduler.settings.fifo.priority',
      'routing.router.use: "x"',
    ]);
  });
});
