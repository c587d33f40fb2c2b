import type { Dispatcher } from 'undici';
import { TintypeError } from '../errors/tintype-error.ts';

/**
 * A body of chunks of a few bytes each would keep this process busy for as long as the sender likes: beyond so many
 * pieces they have to be of a decent size on average.
 */
const piecesOfAnySize = 10_000;
const leastBytesPerPiece = 16;

/**
 * For undici's `compose`: breaks an answer off, with `source-refused`, whose pieces are too small. Here each is seen as
 * the parser finds it; whoever reads the body gets many as one.
 */
export function refuseTinyPieces(dispatch: Dispatcher['dispatch']): Dispatcher['dispatch'] {
  return (options, handler) => {
    let pieces = 0;
    let bytes = 0;
    return dispatch(options, {
      onRequestStart: (...request) => handler.onRequestStart?.(...request),
      onResponseStart: (...start) => handler.onResponseStart?.(...start),
      onResponseData(controller, piece) {
        pieces++;
        bytes += piece.length;
        const isTooFine = pieces > piecesOfAnySize && bytes < pieces * leastBytesPerPiece;
        if (isTooFine) controller.abort(tooFine());
        else handler.onResponseData?.(controller, piece);
      },
      onResponseEnd: (...end) => handler.onResponseEnd?.(...end),
      onResponseError: (...fault) => handler.onResponseError?.(...fault),
    });
  };
}

function tooFine(): TintypeError {
  return new TintypeError('source-refused', 'The source’s server sends the file in pieces of a few bytes.');
}
