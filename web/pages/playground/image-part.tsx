import { useState } from 'react';
import { IconButton } from '../../components/icon-button.tsx';
import { TextArea } from '../../components/field.tsx';
import { PageBody } from '../../components/page-header.tsx';
import { Select } from '../../components/select.tsx';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { saveFile } from '../../lib/save-file.ts';
import { playgroundWords } from '../../words/playground.ts';
import { picturesOf, type Picture } from './media-answers.ts';
import { useWork } from './use-work.ts';
import { WorkButton, WorkResult } from './work-parts.tsx';

const SIZES = ['512x512', '768x768', '1024x1024', '1024x768', '768x1024'] as const;
type Size = (typeof SIZES)[number];
const COUNTS = ['1', '2', '3', '4'] as const;

interface Wish {
  prompt: string;
  size: Size;
  count: number;
}

/** Pictures of a prompt. */
export function ImagePart({ instance }: { instance: string }) {
  const words = useWords(playgroundWords);
  const { client } = useApp();
  const [prompt, setPrompt] = useState('');
  const [size, setSize] = useState<Size>('512x512');
  const [count, setCount] = useState<(typeof COUNTS)[number]>('1');
  const work = useWork(async (wish: Wish, signal) => {
    const body = { model: instance, prompt: wish.prompt, size: wish.size, n: wish.count, response_format: 'b64_json' };
    const answer = await client.request('POST', '/v1/images/generations', { body, signal, retries: 0 });
    return { prompt: wish.prompt, pictures: picturesOf(answer.body) };
  }, words.noImages);
  return (
    <PageBody>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (prompt.trim() !== '') work.run({ prompt: prompt.trim(), size, count: Number(count) });
        }}
        className="mx-auto flex max-w-4xl flex-col gap-4 pt-4"
      >
        <p className="text-mute">{words.imageHint}</p>
        <TextArea
          label={words.imagePrompt}
          rows={3}
          dir="auto"
          className="[&_textarea]:max-h-80"
          value={prompt}
          onChange={({ target }) => setPrompt(target.value)}
        />
        <div className="flex flex-wrap gap-4">
          <Select
            label={words.imageSize}
            value={size}
            choices={SIZES.map((value) => ({ value, label: value.replace('x', ' × ') }))}
            onChoose={setSize}
            className="w-40"
          />
          <Select
            label={words.imageCount}
            value={count}
            choices={COUNTS.map((value) => ({ value, label: value }))}
            onChoose={setCount}
            className="w-32"
          />
        </div>
        <WorkButton work={work} disabled={prompt.trim() === ''}>
          {words.makeImages}
        </WorkButton>
        <WorkResult work={work} instance={instance} title={words.images} actions={() => null}>
          {({ prompt: asked, pictures }) => <Pictures prompt={asked} pictures={pictures} />}
        </WorkResult>
      </form>
    </PageBody>
  );
}

function Pictures({ prompt, pictures }: { prompt: string; pictures: readonly Picture[] }) {
  const words = useWords(playgroundWords);
  return (
    <ul className="grid grid-cols-[repeat(auto-fill,minmax(min(100%,16rem),1fr))] gap-4">
      {pictures.map(({ address, ending }, at) => (
        // oxlint-disable-next-line react/no-array-index-key -- pictures keep their places
        <li key={at} className="relative min-w-0">
          <img
            src={address}
            alt={pictures.length === 1 ? prompt : `${prompt} (${at + 1})`}
            className="w-full rounded-panel border border-line"
          />
          <span className="absolute top-2 right-2 rounded-control border border-line bg-raised">
            <IconButton
              icon="download"
              label={words.saveImage(at + 1)}
              onClick={() => saveFile(`image-${at + 1}.${ending}`, bytesOf(address), `image/${ending}`)}
            />
          </span>
        </li>
      ))}
    </ul>
  );
}

function bytesOf(address: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(address.slice(address.indexOf(',') + 1)), (letter) => letter.charCodeAt(0));
}
