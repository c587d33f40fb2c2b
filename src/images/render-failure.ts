import type { ErrorCode } from '../errors/codes.ts';
import { TintypeError } from '../errors/tintype-error.ts';

interface Reason {
  /** What sharp, libvips or the system say. */
  readonly said: RegExp;
  readonly code: ErrorCode;
  readonly message: string;
  /** The output's fault, not the source's. */
  readonly ofOutput?: true;
}

/** The first that matches counts. None of the messages repeats what the library said: it may hold paths. */
const reasons: readonly Reason[] = [
  {
    said: /bad extract area/i,
    code: 'invalid-output',
    message: 'The crop does not lie inside the image.',
    ofOutput: true,
  },
  {
    said: /multi-page/i,
    code: 'invalid-output',
    message: 'This is not possible while the frames are kept.',
    ofOutput: true,
  },
  {
    said: /processed image is too large|will exceed 32767|invalid image size/i,
    code: 'output-too-large',
    message: 'The output would be larger than its format can hold.',
    ofOutput: true,
  },
  {
    // AV1's encoder reserves more than it will use, for wide images most of all.
    said: /encoder plugin .*allocat/is,
    code: 'output-too-large',
    message: 'The output takes more memory to encode than is allowed.',
    ofOutput: true,
  },
  {
    said: /unable to open for write|no space left|quota exceeded|input\/output error|ENOSPC|EDQUOT|EROFS|EACCES|EPERM|ENOTDIR|EIO:/i,
    code: 'storage-unavailable',
    message: 'The output could not be written.',
  },
  {
    said: /input file is missing|ENOENT|unable to open/i,
    code: 'storage-unavailable',
    message: 'The source was not there when it was to be read.',
  },
  {
    said: /pixel limit|exceeds 32767/i,
    code: 'image-too-large',
    message: 'The image is larger than its header says, or than is allowed.',
  },
  {
    said: /out of memory|unable to allocate|memory allocation|cannot allocate|not enough memory|insufficient memory|malloc/i,
    code: 'image-too-large',
    message: tooMuchMemory(),
  },
  {
    said: /unsupported codec|bitstream not supported|unsupported feature|unsupported compression|decoder plugin|decoder .*not built/i,
    code: 'unsupported-image',
    message: 'The image is coded in a way that is not supported.',
  },
  {
    said: /premature end|truncated|unexpected end|end of file|end of data|eof|not enough data/i,
    code: 'corrupt-image',
    message: 'The image is damaged: its data ends too early.',
  },
];

/** What the caller is told when a decoder needs more memory than it may have. */
export function tooMuchMemory(): string {
  return 'The image takes more memory to decode than is allowed.';
}

/** Anything that rendering threw, as an error for a person. `output` is the name of the output being made. */
export function describeFailure(error: unknown, output?: string): TintypeError {
  if (error instanceof TintypeError) {
    if (error.code !== 'invalid-output' || output === undefined) return error;
    return new TintypeError(error.code, error.message, { cause: error.cause, output });
  }
  const said = error instanceof Error ? error.message : String(error);
  const reason = reasons.find(each => each.said.test(said));
  if (!reason) return new TintypeError('corrupt-image', 'The image is damaged.', { cause: error });
  const named = reason.ofOutput && output !== undefined ? { output } : {};
  return new TintypeError(reason.code, reason.message, { cause: error, ...named });
}
