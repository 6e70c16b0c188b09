import { promisify } from 'node:util';
import * as zlib from 'node:zlib';

/** The most that is read of an answer, in bytes, as it came and decoded; a longer one can't be the provider's own. */
export const MAX_ANSWER_BYTES = 65_536;

/** What came out of {@link decoded}. */
type Decoded =
  | { readonly kind: 'plain'; readonly bytes: Buffer }
  /** More than {@link MAX_ANSWER_BYTES} came out. */
  | { readonly kind: 'too long' }
  /** `why` goes behind "with": "a body that …". */
  | { readonly kind: 'unreadable'; readonly why: string };

type Decoder = (bytes: Buffer) => Promise<Buffer>;

/** Codings on top of each other; whoever applies more wants to keep us busy. */
const MOST_CODINGS = 4;

/** Decoding ends as soon as more comes out. */
const LIMITS = { maxOutputLength: MAX_ANSWER_BYTES } as const;

const gunzip = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gunzip);

const inflate = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.inflate);

const inflateRaw = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.inflateRaw);

const brotliDecompress = promisify<Buffer, zlib.BrotliOptions, Buffer>(zlib.brotliDecompress);

const DECODERS: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ['gzip', (bytes) => gunzip(bytes, LIMITS)],
  ['x-gzip', (bytes) => gunzip(bytes, LIMITS)],
  ['deflate', (bytes) => (hasZlibHeader(bytes) ? inflate : inflateRaw)(bytes, LIMITS)],
  ['br', (bytes) => brotliDecompress(bytes, LIMITS)],
  ...zstd(),
]);

/**
 * Undoes a `Content-Encoding` (RFC 9110 §8.4): gzip, deflate with and without zlib's header, br, zstd where Node has
 * it, and up to four on top of each other. Never throws.
 *
 * On Node's worker threads: brotli fills a window of up to 16 MiB before it hands out a byte, so a bomb of a hundred
 * bytes would hold the event loop for 0.1 s.
 */
export async function decoded(bytes: Buffer, contentEncoding: string): Promise<Decoded> {
  const codings = contentEncoding
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity');
  if (codings.length > MOST_CODINGS) return unreadable(`a body in ${codings.length} encodings`);
  let plain = bytes;
  // They are listed in the order in which they were applied.
  for (const coding of codings.toReversed()) {
    const decode = DECODERS.get(coding);
    if (decode === undefined) return unreadable(`a body in an unknown encoding, ${coding}`);
    try {
      plain = await decode(plain);
    } catch (error) {
      const isTooLong = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
      return isTooLong ? { kind: 'too long' } : unreadable(`a body that is broken ${coding}`);
    }
  }
  return { kind: 'plain', bytes: plain };
}

/** RFC 1950 §2.2; what is called deflate often comes without this header. */
function hasZlibHeader(bytes: Buffer): boolean {
  return bytes.length > 1 && (bytes.readUInt8(0) & 0x0f) === 8 && bytes.readUInt16BE(0) % 31 === 0;
}

/** Node has it since 22.15, which the types of Node 20 don't know. */
type MaybeZstd = {
  zstdDecompress?: (
    bytes: Buffer,
    options: object,
    done: (error: Error | null, plain: Buffer) => void,
  ) => void;
  constants: { ZSTD_d_windowLogMax?: number };
};

/** With a window of 8 MiB at most, which is what RFC 9659 allows for a content coding. */
function zstd(): [string, Decoder][] {
  const { zstdDecompress, constants } = zlib as MaybeZstd;
  if (zstdDecompress === undefined || constants.ZSTD_d_windowLogMax === undefined) return [];
  const decompress = promisify(zstdDecompress);
  const options = { ...LIMITS, params: { [constants.ZSTD_d_windowLogMax]: 23 } };
  return [['zstd', (bytes) => decompress(bytes, options)]];
}

function unreadable(why: string): Decoded {
  return { kind: 'unreadable', why };
}
