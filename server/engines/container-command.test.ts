import { describe, expect, it } from 'vitest';
import { containerCommand, isDetached } from './container-command.ts';

const words = (text: string): [string, string[]] => {
  const [command = '', ...argv] = text.split(' ');
  return [command, argv];
};
const read = (text: string) => containerCommand(...words(text));

describe('containerCommand', () => {
  it('recognises docker and podman in any folder', () => {
    const plain = { leading: [], at: 1, name: null, saysWhatRemains: false };
    expect(read('docker run image')).toEqual(plain);
    expect(read('/usr/bin/podman run -p 127.0.0.1:8100:8080 image --name x')).toEqual(plain);
  });

  it.each([
    'llama-server --model run',
    'docker',
    'docker ps',
    'sh -c docker',
    'docker exec run',
    '/opt/docker/run run',
  ])('returns null for: %s', (text) => {
    expect(read(text)).toBeNull();
  });

  it('skips options of the runtime itself', () => {
    expect(read('docker --context other -D run image')).toMatchObject({ leading: ['--context', 'other', '-D'], at: 4 });
    expect(read('docker -H=tcp://a:1 container run image')).toMatchObject({ leading: ['-H=tcp://a:1'], at: 3 });
  });

  it.each([
    ['docker run --name mine image', 'mine'],
    ['docker run -it --gpus all -v /a:/a --name=mine image', 'mine'],
    ['docker run -p8080:80 -e A --env B=1 --init --name mine image --name other', 'mine'],
    ['podman run --unsetenv-all --name mine image', 'mine'],
    ['docker run --rm image --name other', null],
    ['docker run --env --name image', null],
  ])('reads from %s the name %s', (text, name) => {
    expect(read(text)?.name).toBe(name);
  });

  it('detects options that decide what remains', () => {
    expect(read('docker run --rm image')?.saysWhatRemains).toBe(true);
    expect(read('docker run --rm=false image')?.saysWhatRemains).toBe(true);
    expect(read('docker run --restart always image')?.saysWhatRemains).toBe(true);
    expect(read('docker run image --rm')?.saysWhatRemains).toBe(false);
  });

  it.each([
    ['docker run -d image', true],
    ['docker run -itd image', true],
    ['docker run --detach image', true],
    ['docker run --detach=false image', false],
    ['docker run -it image -d', false],
    ['docker run -v /d:/d image', false],
    ['other run -d image', false],
  ])('isDetached for %s: %s', (text, expected) => {
    expect(isDetached(...words(text))).toBe(expected);
  });
});
