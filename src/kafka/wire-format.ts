import { TintypeError } from '../errors/tintype-error.ts';

/** Confluent's wire format: a byte 0, the schema's id as four bytes, then Avro's binary encoding. */
const magic = 0;
const headerBytes = 5;

/** A record's value, with the id of the schema that it was written with. */
export interface WrittenValue {
  readonly schemaId: number;
  readonly body: Buffer;
}

export function frame({ schemaId, body }: WrittenValue): Buffer {
  const framed = Buffer.allocUnsafe(headerBytes + body.length);
  framed.writeUInt8(magic);
  framed.writeInt32BE(schemaId, 1);
  body.copy(framed, headerBytes);
  return framed;
}

/** Throws `invalid-record` for bytes that no such writer wrote. */
export function unframe(value: Buffer | null): WrittenValue {
  if (value === null) throw invalid('It has no value.');
  if (value.length < headerBytes) throw invalid(`It has ${value.length} bytes: too few for a schema id.`);
  if (value.readUInt8() !== magic) throw invalid(`It begins with byte ${value.readUInt8()}, not with 0.`);
  const schemaId = value.readInt32BE(1);
  // Registries count from 1.
  if (schemaId <= 0) throw invalid(`Its schema id is ${schemaId}.`);
  return { schemaId, body: value.subarray(headerBytes) };
}

function invalid(message: string): TintypeError {
  return new TintypeError('invalid-record', message);
}
