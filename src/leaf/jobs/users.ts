import { randomInt } from 'node:crypto';
import { type Plant, plants } from '../plants.ts';
import { cameras, placeOf } from './camera.ts';
import type { ImageApiClient } from './image-api-client.ts';
import type { JobTask, TaskRun } from './job.ts';

export interface UsersIntervals {
  readonly activateSeconds: number;
  readonly metadataSeconds: number;
  readonly deleteSeconds: number;
}

/** What people do to images: of each plant one is activated, one is said to be another camera's, one is deleted. */
export function usersTasks(api: ImageApiClient, intervals: UsersIntervals): JobTask[] {
  const each = (change: (plant: Plant, run: TaskRun) => Promise<string>) => async (run: TaskRun) => {
    for (const plant of plants) run.log.info(`${plant}: ${await change(plant, run)}`);
  };
  const of = { atStart: false };
  return [
    { ...of, name: 'activate', everySeconds: intervals.activateSeconds, run: each(activate) },
    { ...of, name: 'change metadata', everySeconds: intervals.metadataSeconds, run: each(changeMetadata) },
    { ...of, name: 'delete', everySeconds: intervals.deleteSeconds, run: each(softDelete) },
  ];

  async function activate(plant: Plant, { signal }: TaskRun): Promise<string> {
    const image = await api.random(plant, { is_active: false }, signal);
    if (!image) return 'nothing to activate';
    return said(image.id, await api.change(plant, image.id, { is_active: true }, signal), 'activated');
  }

  async function changeMetadata(plant: Plant, { signal }: TaskRun): Promise<string> {
    const image = await api.random(plant, {}, signal);
    if (!image) return 'nothing to change';
    const camera_id = randomInt(1, cameras + 1);
    const fields = { camera_id, gps_coordinates: placeOf(camera_id) };
    return said(image.id, await api.change(plant, image.id, fields, signal), `now camera ${camera_id}’s`);
  }

  async function softDelete(plant: Plant, { signal }: TaskRun): Promise<string> {
    const image = await api.random(plant, {}, signal);
    if (!image) return 'nothing to delete';
    return said(image.id, await api.delete(plant, image.id, signal), 'deleted');
  }
}

function said(id: number, isDone: boolean, done: string): string {
  return isDone ? `${id} ${done}` : `${id} is gone meanwhile`;
}
