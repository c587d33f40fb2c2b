import { readFileSync } from 'node:fs';

/** The Avro schemas of records, as the files beside this one have them; their types are in src/answers/processed-image.ts. */
export const recordSchemas = {
  userImageUploaded: readSchema('user-image-uploaded'),
  imageProcessed: readSchema('image-super-resolution-image-processed'),
};

function readSchema(name: string): object {
  const file = new URL(`./schemas/${name}.avsc`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as object;
}
