import protobuf from 'protobufjs';

/**
 * The part of ONNX that our networks need, with the field numbers of
 * https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3
 */
const schema = `
syntax = "proto3";
message Model { int64 irVersion = 1; string producerName = 2; Graph graph = 7; repeated OperatorSet opsetImport = 8; }
message OperatorSet { string domain = 1; int64 version = 2; }
message Graph {
  repeated Node node = 1; string name = 2; repeated Tensor initializer = 5;
  repeated ValueInfo input = 11; repeated ValueInfo output = 12;
}
message Node {
  repeated string input = 1; repeated string output = 2; string name = 3; string opType = 4;
  repeated Attribute attribute = 5; string domain = 7;
}
message Attribute { string name = 1; float f = 2; int64 i = 3; bytes s = 4; repeated int64 ints = 8; int32 type = 20; }
message Tensor { repeated int64 dims = 1; int32 dataType = 2; string name = 8; bytes rawData = 9; }
message ValueInfo { string name = 1; Type type = 2; }
message Type { TensorType tensorType = 1; }
message TensorType { int32 elemType = 1; Shape shape = 2; }
message Shape { repeated Dimension dim = 1; }
message Dimension { int64 dimValue = 1; string dimParam = 2; }
`;

export interface OnnxNode {
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly name: string;
  readonly opType: string;
  /** Of the operator; ONNX's own by default. */
  readonly domain?: string;
  readonly attribute: readonly OnnxAttribute[];
}

export interface OnnxAttribute {
  readonly name: string;
  readonly type: number;
  readonly f?: number;
  readonly i?: number;
  readonly s?: Uint8Array;
  readonly ints?: readonly number[];
}

export interface OnnxTensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dataType: number;
  readonly rawData: Uint8Array;
}

export interface OnnxModel {
  readonly irVersion: number;
  readonly producerName: string;
  readonly opsetImport: readonly { readonly domain: string; readonly version: number }[];
  readonly graph: {
    readonly name: string;
    readonly node: readonly OnnxNode[];
    readonly initializer: readonly OnnxTensor[];
    readonly input: readonly object[];
    readonly output: readonly object[];
  };
}

/** Of a tensor's elements. */
export const elementTypes = { float: 1, uint8: 2, int8: 3, int32: 6 } as const;

export const attributeTypes = { f: 1, i: 2, s: 3, ints: 7 } as const;

const type = protobuf.parse(schema, { keepCase: false }).root.lookupType('Model');

export function encodeModel(model: OnnxModel): Uint8Array {
  return type.encode(type.fromObject(model)).finish();
}

/** Throws what the decoder throws where the bytes are no such message. */
export function decodeModel(bytes: Uint8Array): OnnxModel {
  return type.toObject(type.decode(bytes), { longs: Number, defaults: true, arrays: true }) as OnnxModel;
}
