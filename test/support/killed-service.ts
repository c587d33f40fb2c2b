import { setTimeout } from 'node:timers/promises';
import type { Service } from './service.ts';

/** The service that runs at present, which a kill replaces by the next: submissions and questions go to the newest. */
export interface Target {
  service: Service;
}

/**
 * Submits until so many are accepted, whose ids it notes; a submission that died with the service counts as not accepted.
 * @param lanes submissions under way at once
 */
export async function submitUntilAccepted(
  target: Target,
  image: Buffer,
  accepted: string[],
  jobs: number,
  lanes = 4,
): Promise<void> {
  const lane = async () => {
    while (accepted.length < jobs) {
      try {
        const form = new FormData();
        form.append('image', new Blob([new Uint8Array(image)]), 'photo.jpg');
        const answer = await fetch(`${target.service.url}/jobs`, { method: 'POST', body: form });
        const { id } = (await answer.json()) as { id: string };
        if (answer.status === 202 && accepted.length < jobs) accepted.push(id);
      } catch {
        await setTimeout(20);
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
