import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseDeb822, parseOneLine, pickDebianArchives, readDebianArchives, sourceStanza } from './apt-sources.ts';
import type { AptEntry } from './apt-sources.ts';
import { tempFolder } from './temp-folder.ts';

const STANZAS = `# written by the installer
Types: deb
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
`;

function entry(part: Partial<AptEntry>): AptEntry {
  return {
    types: ['deb'],
    uris: ['http://mirror.example/debian'],
    suites: ['trixie'],
    components: ['main'],
    signedBy: undefined,
    ...part,
  };
}

test('reads the lists of words and the keyring of a stanza', () => {
  expect(parseDeb822(STANZAS)[0]).toEqual({
    types: ['deb'],
    uris: ['http://mirror.example/debian'],
    suites: ['bookworm', 'bookworm-updates'],
    components: ['main'],
    signedBy: '/usr/share/keyrings/debian-archive-keyring.gpg',
  });
});

test('keeps a key block inside a stanza line by line, without the comments between its lines', () => {
  const text =
    'Types: deb\nURIs: http://a/debian\nsigned-by:\n -----BEGIN-----\n .\n# why\n abc=\n -----END-----\nSuites: sid\n';
  const parsed = parseDeb822(text);
  expect(parsed).toHaveLength(1);
  expect(parsed[0]?.signedBy).toBe('\n -----BEGIN-----\n .\n abc=\n -----END-----');
  expect(parsed[0]?.suites).toEqual(['sid']);
});

test('accepts values on continuation lines, and whitespace on blank lines', () => {
  const text =
    'Types: deb\nURIs:\n http://a/debian\n\thttp://b/debian\nSuites: sid\nComponents: main\n \t\nTypes: deb-src\n';
  expect(parseDeb822(text).map(({ uris }) => uris)).toEqual([['http://a/debian', 'http://b/debian'], []]);
});

test('skips a disabled stanza', () => {
  expect(parseDeb822(STANZAS.replace('Types: deb', 'Enabled: no\nTypes: deb'))).toHaveLength(1);
});

test('reads a line with or without options', () => {
  const text = [
    '# deb http://commented.example/debian sid main',
    'deb http://mirror.example/debian/ trixie main contrib # comment',
    'deb [ arch=amd64 signed-by=/etc/apt/keyrings/debian-archive.asc ] https://mirror.example/debian trixie main',
    'deb-src http://mirror.example/debian trixie main',
    'nonsense',
    '',
  ].join('\n');
  expect(parseOneLine(text)).toEqual([
    entry({ uris: ['http://mirror.example/debian/'], components: ['main', 'contrib'] }),
    entry({ uris: ['https://mirror.example/debian'], signedBy: '/etc/apt/keyrings/debian-archive.asc' }),
    entry({ types: ['deb-src'] }),
  ]);
});

test.each([
  ['security', entry({ uris: ['http://mirror.example/debian-security'] })],
  ['debug symbols', entry({ uris: ['http://mirror.example/debian-debug'] })],
  ['Ubuntu', entry({ uris: ['http://archive.example/ubuntu'], suites: ['noble'] })],
  ['a publisher on a host named debian', entry({ uris: ['https://debian.example/apt'] })],
  [
    'a publisher with a component of its own',
    entry({ uris: ['https://a.example/linux/debian'], components: ['stable'] }),
  ],
  ['a publisher with a suite of its own', entry({ uris: ['https://a.example/apt/debian'], suites: ['trixie/tool'] })],
  ['an installation disc', entry({ uris: ['cdrom:[Debian'], suites: ['trixie'] })],
  ['sources only', entry({ types: ['deb-src'] })],
  ['updates only', entry({ suites: ['trixie-updates'] })],
])('does not take for the main archive: %s', (_, other) => {
  expect(pickDebianArchives([other])).toEqual([]);
});

test.each([
  'http://mirror.example/debian',
  'https://mirror.example/pub/linux/debian/',
  'mirror+file:///etc/apt/mirrors/debian.list',
  'http://snapshot.example/archive/debian/20250520T000000Z',
  'file:/srv/mirror/debian',
])('recognises the main archive in any form that apt accepts: %s', (uri) => {
  expect(pickDebianArchives([entry({ uris: [uri] })])).toEqual([{ uri, signedBy: undefined }]);
});

test('prefers an archive with Debian’s own keyring to one that only looks like Debian', () => {
  const picked = pickDebianArchives([
    entry({ uris: ['http://board.example/debian'], signedBy: '/usr/share/keyrings/board.gpg' }),
    entry({ signedBy: '/usr/share/keyrings/debian-archive-keyring.gpg' }),
    entry({ uris: ['http://mirror.example/debian/'] }),
  ]);
  expect(picked.map(({ uri }) => uri)).toEqual(['http://mirror.example/debian', 'http://board.example/debian']);
});

test('reads all source files of the machine, in both formats, and no other files', async () => {
  const folder = await tempFolder();
  await mkdir(path.join(folder, 'sources.list.d'));
  await writeFile(path.join(folder, 'sources.list'), 'deb http://one.example/debian sid main\n');
  await writeFile(path.join(folder, 'sources.list.d', 'a.list'), 'deb http://two.example/debian sid main\n');
  await writeFile(path.join(folder, 'sources.list.d', 'b.sources'), STANZAS);
  await writeFile(path.join(folder, 'sources.list.d', 'c.list.disabled'), 'deb http://no.example/debian sid main\n');
  const archives = await readDebianArchives(folder);
  expect(archives.map(({ uri }) => uri)).toEqual([
    'http://mirror.example/debian',
    'http://one.example/debian',
    'http://two.example/debian',
  ]);
});

test('finds no archives on a machine without apt', async () => {
  expect(await readDebianArchives(path.join(await tempFolder(), 'none'))).toEqual([]);
});

test('property: a written stanza reads back as the same archive', () => {
  const word = fc.stringMatching(/^[a-z0-9./+-]{1,20}$/);
  const keyBlock = fc.array(fc.stringMatching(/^[A-Za-z0-9+/=]{1,64}$/), { minLength: 1 });
  const signedBy = fc.oneof(
    word,
    keyBlock.map((lines) => lines.map((line) => `\n ${line}`).join('')),
    fc.constant(undefined),
  );
  fc.assert(
    fc.property(word, signedBy, word, (uri, key, suite) => {
      const [read] = parseDeb822(sourceStanza({ uri, signedBy: key }, suite, 'amd64'));
      expect(read).toEqual({ types: ['deb'], uris: [uri], suites: [suite], components: ['main'], signedBy: key });
    }),
  );
});

test('property: the parsers never throw', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('deb ', '[', ']', ' ', '\n', ':', '#', 'Types: deb', '\t', 'x') }),
      (text) => {
        expect(pickDebianArchives([...parseDeb822(text), ...parseOneLine(text)])).toEqual([]);
      },
    ),
  );
});
