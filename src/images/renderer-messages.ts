import type { ErrorCode } from '../errors/codes.ts';
import type { ImageHeader, SourceFormat } from './image-header.ts';
import type { OutputOptions } from './output-options.ts';

/** One output to make. */
export interface RenderOrder {
  readonly name: string;
  readonly options: OutputOptions;
  /** The file to write. */
  readonly target: string;
  /** The file of the watermark that the options name. */
  readonly watermark?: string;
}

export interface RenderedOutput {
  readonly name: string;
  readonly width: number;
  /** Of one frame. */
  readonly height: number;
  readonly bytes: number;
  readonly contentType: string;
  /** Hex. */
  readonly sha256: string;
}

/** What a renderer is asked for: one image at a time. */
export type RendererRequest =
  | { readonly kind: 'inspect'; readonly source: string; readonly format: SourceFormat }
  | {
      readonly kind: 'render';
      readonly source: string;
      readonly header: ImageHeader;
      readonly outputs: readonly RenderOrder[];
    };

export interface RendererFailure {
  readonly kind: 'failed';
  readonly code: ErrorCode;
  readonly message: string;
  readonly output?: string;
  /** What the library said, for the log. */
  readonly cause?: string;
}

export type RendererAnswer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'progress'; readonly fraction: number }
  | { readonly kind: 'inspected'; readonly header: ImageHeader }
  | { readonly kind: 'rendered'; readonly outputs: readonly RenderedOutput[] }
  | RendererFailure;

/** Given to a renderer once, as its argument. */
export interface RendererSettings {
  readonly allowSvg: boolean;
  readonly maxPixels: number;
  /** Memory above what it starts with. */
  readonly maxRenderBytes: number;
}
