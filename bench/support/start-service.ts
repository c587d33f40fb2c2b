import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Service } from '../../test/support/service.ts';

let folder: string | undefined;
let services = 0;

/**
 * A service, on the embedded defaults where `environment` says nothing else, whose folder stays until the whole run is over: on ext4 without a journal it is
 * dear for minutes to make files where many were deleted, and one row must not pay for another.
 */
export function startService(environment: Record<string, string> = {}): Promise<Service> {
  folder ??= makeFolder();
  services += 1;
  return Service.start(environment, path.join(folder, String(services)));
}

function makeFolder(): string {
  const made = mkdtempSync(path.join(os.tmpdir(), 'tintype-bench-'));
  process.once('exit', () => rmSync(made, { recursive: true, force: true }));
  return made;
}
