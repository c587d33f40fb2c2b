import { randomInt } from 'node:crypto';
import { plants } from '../plants.ts';
import type { ImageApiClient } from './image-api-client.ts';
import type { JobTask } from './job.ts';

export const cameras = 10;

/** Each camera stands still, on a farm near this place. */
const farm = [45.07, 7.68] as const;
const rowDegrees = 0.002;

/** Every camera sees a leaf of each plant: the image API makes the photo. */
export function cameraTask(api: ImageApiClient, everySeconds: number): JobTask {
  return {
    name: 'take photos',
    everySeconds,
    atStart: false,
    async run({ signal, log }) {
      for (const plant of plants) {
        const camera_id = randomInt(1, cameras + 1);
        const id = await api.create(plant, { camera_id, gps_coordinates: placeOf(camera_id) }, signal);
        log.info(`camera ${camera_id} has photographed ${plant} ${id}`);
      }
    },
  };
}

/** Latitude and longitude in degrees. */
export function placeOf(camera: number): [number, number] {
  const [latitude, longitude] = farm;
  return [
    round(latitude + rowDegrees * Math.floor(camera / 5)),
    round(longitude + rowDegrees * (camera % 5)),
  ];
}

function round(degrees: number): number {
  return Number(degrees.toFixed(5));
}
