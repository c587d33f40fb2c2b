import type { FastifyError, FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import Type from 'typebox';
import { TintypeError } from '../../errors/tintype-error.ts';
import type { HttpApp } from '../../web/http-app.ts';
import { sendProblem } from '../../web/problem.ts';
import { type Classifier, mostPhotoBytes, mostWaiting } from '../analyzer/classifier.ts';
import { plantOf } from './image-path.ts';

const ofPlant = Type.Object({ plant: Type.String() });
const hexPhoto = Type.Object(
  { hex_bytes: Type.String({ minLength: 1, description: 'a JPEG in hexadecimal digits' }) },
  { additionalProperties: false },
);
/** Of the JSON around the digits, in bytes. */
const hexOverhead = 1_024;

/** What the analyzer answers: what a leaf suffers from, and how sure that is. */
export function classifyPhotos(app: HttpApp, classifier: Pick<Classifier, 'classify'>): void {
  const types = ['image/jpeg', 'image/jpg', 'application/octet-stream'];
  app.addContentTypeParser(
    types,
    { parseAs: 'buffer' },
    async (_request: FastifyRequest, body: Buffer) => body,
  );

  const common = { onRequest: limitPhotos(), errorHandler: sendPhotoProblem };
  const photo = { ...common, schema: { params: ofPlant }, bodyLimit: mostPhotoBytes };
  app.post('/:plant/disease-classify', photo, async ({ params, body }) => {
    const plant = plantOf(params);
    if (!Buffer.isBuffer(body))
      throw new TintypeError('unsupported-media-type', 'Send the photo itself, as image/jpeg.');
    return await classifier.classify(plant, body);
  });

  const digits = {
    ...common,
    schema: { params: ofPlant, body: hexPhoto },
    bodyLimit: 2 * mostPhotoBytes + hexOverhead,
  };
  app.post('/:plant/disease-classify-by-bytes', digits, async ({ params, body }) => {
    const plant = plantOf(params);
    return await classifier.classify(plant, fromHex(body.hex_bytes));
  });
}

/** Before any of a photo is taken, so that what is refused costs no memory: a body of digits may be of 20 MiB. */
function limitPhotos() {
  let photos = 0;
  return (_request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void => {
    if (photos >= mostWaiting) {
      done(new TintypeError('overloaded', 'Too many photos wait already. Try again soon.'));
      return;
    }
    photos++;
    // Answered, or whoever asked is gone: a photo of theirs that still waits is the classifier's to count.
    reply.raw.once('close', () => photos--);
    done();
  };
}

function fromHex(text: string): Buffer {
  const bytes = Buffer.from(text, 'hex');
  // Node stops at the first character that is none, and says nothing.
  if (bytes.length * 2 === text.length) return bytes;
  throw new TintypeError('invalid-request', 'hex_bytes has to be of two hexadecimal digits a byte.', {
    pointer: '/hex_bytes',
  });
}

function sendPhotoProblem(thrown: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  sendProblem(photoFault(thrown), request, reply);
}

function photoFault(thrown: FastifyError): unknown {
  switch (thrown.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new TintypeError(
        'upload-too-large',
        `The photo is larger than ${mostPhotoBytes / 2 ** 20} MiB.`,
      );
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new TintypeError('unsupported-media-type', 'Send the photo itself, as image/jpeg.');
    default:
      return thrown;
  }
}
