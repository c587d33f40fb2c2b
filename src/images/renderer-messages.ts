import type { PixelLayout } from '../super-resolution/pixel-file.ts';
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

/** An image that is to be enlarged. */
export interface PreparedPixels {
  readonly layout: PixelLayout;
  /** The ICC profile that says what its samples mean, in Base64. */
  readonly profile?: string;
}

/** What a renderer is asked for: one image at a time. */
export type RendererRequest =
  | { readonly kind: 'inspect'; readonly source: string; readonly format: SourceFormat }
  | {
      readonly kind: 'render';
      readonly source: string;
      readonly header: ImageHeader;
      readonly outputs: readonly RenderOrder[];
    }
  /** Decodes what is to be enlarged into the file `pixels`. */
  | {
      readonly kind: 'prepare-upscale';
      readonly source: string;
      readonly header: ImageHeader;
      readonly order: RenderOrder;
      readonly pixels: string;
    }
  /** Makes an output of the image `pixels`, which was enlarged. */
  | {
      readonly kind: 'finish-upscale';
      readonly header: ImageHeader;
      readonly order: RenderOrder;
      readonly pixels: string;
      /** About how many pixels the output will have. */
      readonly outputPixels: number;
    };

export type RendererAnswer =
  | { readonly kind: 'inspected'; readonly header: ImageHeader }
  | { readonly kind: 'rendered'; readonly outputs: readonly RenderedOutput[] }
  | ({ readonly kind: 'prepared' } & PreparedPixels);

/** Given to a renderer once, as its argument. */
export interface RendererSettings {
  readonly allowSvg: boolean;
  readonly maxPixels: number;
  /** Memory above what it starts with. */
  readonly maxRenderBytes: number;
}
