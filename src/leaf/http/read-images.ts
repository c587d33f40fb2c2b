import Type from 'typebox';
import { TintypeError } from '../../errors/tintype-error.ts';
import type { HttpApp } from '../../web/http-app.ts';
import { numericFields } from '../../web/numeric-fields.ts';
import type { ImageQueries } from '../images/image-queries.ts';
import type { LeafDatabase } from '../images/leaf-database.ts';
import { imageJson } from '../images/plant-image.ts';
import { idOf, noImage, plantOf } from './image-path.ts';

const defaultLimit = 10;
const mostLimit = 100;

const ofPlant = Type.Object({ plant: Type.String() });
const ofImage = Type.Object({ plant: Type.String(), id: Type.String() });

const filterFields = {
  is_active: Type.Optional(Type.Boolean({ description: 'true or false' })),
  has_disease: Type.Optional(
    Type.Boolean({ description: 'true or false; a disease is neither null nor healthy' }),
  ),
};
const filterQuery = Type.Object(filterFields, { additionalProperties: false });
const listQuery = Type.Object(
  {
    ...filterFields,
    from_id: Type.Optional(Type.Integer({ minimum: 0, description: 'the first id, a whole number' })),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: mostLimit,
        description: `a whole number from 1 to ${mostLimit}, ${defaultLimit} if it is not given`,
      }),
    ),
  },
  { additionalProperties: false },
);
const noQuery = Type.Object({}, { additionalProperties: false });

/** The questions that the image API and the consumer answer alike. Lists, totals and choices leave deleted images out. */
export function readImages(app: HttpApp, database: LeafDatabase, queries: ImageQueries): void {
  app.get('/image-plant/is-deployed', { schema: { querystring: noQuery } }, async () => ({
    is_deployed: await database.isDeployed(),
  }));

  const total = { schema: { params: ofPlant, querystring: noQuery } };
  app.get('/image-plant/:plant/total', total, async ({ params }) => ({
    total_images: await queries.count(plantOf(params), {}),
  }));

  const random = { schema: { params: ofPlant, querystring: filterQuery }, preValidation: flagFields };
  app.get('/image-plant/:plant/random', random, async ({ params, query }) => {
    const plant = plantOf(params);
    const image = await queries.random(plant, query);
    if (image === undefined) throw new TintypeError('not-found', `There is no such image of ${plant}.`);
    return imageJson(image);
  });

  app.get('/image-plant/:plant/:id', { schema: { params: ofImage } }, async ({ params }) => {
    const [plant, id] = [plantOf(params), idOf(params)];
    const image = await queries.get(plant, id);
    if (image === null) throw noImage(plant, id);
    return imageJson(image);
  });

  const list = {
    schema: { params: ofPlant, querystring: listQuery },
    preValidation: [flagFields, numericFields('from_id', 'limit')],
  };
  app.get('/image-plant/:plant', list, async ({ params, query }) => {
    const plant = plantOf(params);
    const { from_id = 1, limit = defaultLimit, ...filter } = query;
    const [images, count] = await Promise.all([
      queries.list(plant, filter, from_id, limit),
      queries.count(plant, filter),
    ]);
    return { image_list: images.map(imageJson), total_images: count };
  });
}

/** Queries are text and the validator coerces nothing. Python writes `True`. */
function flagFields(request: { query: unknown }, _reply: unknown, done: () => void): void {
  const query = request.query as Record<string, unknown>;
  for (const name of Object.keys(filterFields)) {
    const text = String(query[name]).toLowerCase();
    if (text === 'true' || text === 'false') query[name] = text === 'true';
  }
  done();
}
