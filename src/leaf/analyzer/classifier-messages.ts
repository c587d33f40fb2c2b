export interface ClassifierSettings {
  /** The ONNX file. */
  readonly network: string;
  readonly side: number;
  readonly maxPixels: number;
}

export interface ClassifierRequest {
  /** A JPEG in base64. */
  readonly photo: string;
}

export interface ClassifierAnswer {
  readonly kind: 'classified';
  /** One for each output of the network; their sum is 1. */
  readonly probabilities: readonly number[];
}
