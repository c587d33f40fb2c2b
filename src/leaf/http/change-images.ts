import Type from 'typebox';
import type { HttpApp } from '../../web/http-app.ts';
import { nullable } from '../../web/nullable.ts';
import type { ImageChanges } from '../images/image-changes.ts';
import type { Photos } from '../images/photos.ts';
import { imageJson } from '../images/plant-image.ts';
import { idOf, noImage, plantOf } from './image-path.ts';

const ofPlant = Type.Object({ plant: Type.String() });
const ofImage = Type.Object({ plant: Type.String(), id: Type.String() });

const cameraId = Type.Union([Type.Integer({ minimum: 0 }), Type.String({ minLength: 1, maxLength: 200 })], {
  description: 'a whole number from 0 on, or text of 1 to 200 characters',
});
const coordinates = Type.Tuple(
  [Type.Number({ minimum: -90, maximum: 90 }), Type.Number({ minimum: -180, maximum: 180 })],
  { description: '[latitude, longitude] in degrees' },
);
const newImage = Type.Object(
  { camera_id: cameraId, gps_coordinates: coordinates },
  { additionalProperties: false },
);
const change = Type.Object(
  {
    id: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    camera_id: Type.Optional(cameraId),
    gps_coordinates: Type.Optional(coordinates),
    is_active: Type.Optional(Type.Boolean()),
    disease: Type.Optional(
      nullable(Type.String({ minLength: 1, maxLength: 200 }), { description: 'text or null' }),
    ),
    percentage: Type.Optional(
      nullable(Type.Number({ minimum: 0, maximum: 100 }), { description: '0 to 100, or null' }),
    ),
  },
  { additionalProperties: false, minProperties: 2, description: 'an id and at least one changed field' },
);

/** What only the image API does. Every change is told to Kafka. */
export function changeImages(app: HttpApp, changes: ImageChanges, photos: Photos): void {
  app.put('/image-plant/:plant', { schema: { params: ofPlant, body: newImage } }, async request => {
    const plant = plantOf(request.params);
    const { camera_id, gps_coordinates } = request.body;
    const photo = await photos.next(plant);
    return imageJson(await changes.create(plant, { camera_id, gps_coordinates, photo }));
  });

  app.post('/image-plant/:plant', { schema: { params: ofPlant, body: change } }, async request => {
    const plant = plantOf(request.params);
    const { id, ...fields } = request.body;
    const image = await changes.change(plant, id, fields);
    if (image === null) throw noImage(plant, id);
    return imageJson(image);
  });

  app.delete('/image-plant/:plant/:id', { schema: { params: ofImage } }, async ({ params }) => {
    const [plant, id] = [plantOf(params), idOf(params)];
    if (!(await changes.delete(plant, id))) throw noImage(plant, id);
    return { message: 'Image deleted successfully' };
  });
}
