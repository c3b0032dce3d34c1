import { deflateRawSync } from 'node:zlib';

/** Builds a zip archive for tests, each entry stored or deflated. */
export function zipArchive(entries: readonly { name: string; content: Buffer; method: 0 | 8 }[], comment = ''): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const { name, content, method } of entries) {
    const bytes = method === 0 ? content : deflateRawSync(content);
    // fields of both headers: version, flags, method, time, date, checksum, sizes, length of name and extra
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(method, 4);
    shared.writeUInt32LE(bytes.length, 14);
    shared.writeUInt32LE(content.length, 18);
    shared.writeUInt16LE(Buffer.byteLength(name), 22);
    const extra = Buffer.from('UT\u0001\u0000x');
    const localShared = Buffer.from(shared);
    localShared.writeUInt16LE(extra.length, 24);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    const entry = Buffer.concat([Buffer.from('PK\u0003\u0004'), localShared, Buffer.from(name), extra, bytes]);
    local.push(entry);
    central.push(Buffer.concat([Buffer.from('PK\u0001\u0002\u0014\u0000'), shared, place, Buffer.from(name)]));
    offset += entry.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  end.writeUInt16LE(Buffer.byteLength(comment), 16);
  return Buffer.concat([...local, directory, Buffer.from('PK\u0005\u0006'), end, Buffer.from(comment)]);
}
