import type { ModelName } from './model-names.ts';

export interface Quality {
  /** Of luma (BT.601, 16 to 235), in dB; `scale` pixels cut from each border. */
  readonly psnr: number;
  /** Of the same pixels. */
  readonly ssim: number;
  /** How different it looks from the original: the distance of features of MobileNetV2, in RGB (docs/models.md). 0 is the same. */
  readonly perceptual: number;
}

/** What is known of one network; stands as JSON beside its files. */
export interface ModelCard {
  readonly name: ModelName;
  /** How many times it enlarges each side. */
  readonly scale: number;
  /** Trained for Tintype and shipped with it, or brought by the user. */
  readonly source: 'shipped' | 'imported';
  /** ONNX files by the precision of their weights, beside the card. */
  readonly files: { readonly float32: string; readonly int8?: string };
  readonly architecture: string;
  readonly parameters: number;
  /** What a tile has to see of its neighbours, in small pixels, for a seam of less than half a level. */
  readonly padding: number;
  /** Memory that it takes for each small pixel of a tile. */
  readonly bytesPerPixel: number;
  /** By test set, of luma; missing where nobody measured it. */
  readonly quality?: Readonly<Record<string, Quality>>;
  /** With its int8 weights. */
  readonly int8Quality?: Readonly<Record<string, Quality>>;
  /** From small images that were JPEG files of quality 30; and what cubic interpolation makes of those. */
  readonly jpegQuality?: Readonly<Record<string, Quality>>;
  readonly bicubicJpegQuality?: Readonly<Record<string, Quality>>;
  /** What it learnt from. */
  readonly data?: string;
  readonly training?: string;
  /** What it is bad at. */
  readonly weaknesses?: string;
}
