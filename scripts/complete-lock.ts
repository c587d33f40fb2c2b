// Adds to package-lock.json the optional platform packages that a registry did not offer when the lock was made.
// `npm ci` refuses a lock without them. Their platform follows from their names; npm finds them by name and version.
//   npm install --package-lock-only && node bin/node24.js scripts/complete-lock.ts
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

interface LockedPackage {
  version?: string;
  optional?: boolean;
  dev?: boolean;
  cpu?: string[];
  os?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

const processors = ['arm64', 'x64', 'arm', 'ia32', 'ppc64', 'riscv64', 's390x', 'wasm32', 'loong64'];
const systems: Record<string, string> = {
  android: 'android',
  darwin: 'darwin',
  freebsd: 'freebsd',
  linux: 'linux',
  linuxmusl: 'linux',
  openharmony: 'openharmony',
  win: 'win32',
  win32: 'win32',
};

const file = path.join(path.dirname(import.meta.dirname), 'package-lock.json');
const lock = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, LockedPackage> };
const added = missingPackages(lock.packages);
Object.assign(lock.packages, added);
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(Object.keys(added).join('\n') || 'Nothing was missing.');

function missingPackages(packages: Record<string, LockedPackage>): Record<string, LockedPackage> {
  const missing: Record<string, LockedPackage> = {};
  for (const { optionalDependencies = {}, dev } of Object.values(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      const place = `node_modules/${name}`;
      if (!(place in packages))
        missing[place] = { version, ...(dev && { dev }), optional: true, ...platform(name) };
    }
  }
  return missing;
}

function platform(name: string): Pick<LockedPackage, 'cpu' | 'os' | 'libc'> {
  const parts = name.split(/[-/]/);
  const cpu = parts.findLast(part => processors.includes(part));
  const system = parts.find(part => part in systems);
  const isMusl = parts.some(part => part.endsWith('musl'));
  return {
    ...(cpu && { cpu: [cpu] }),
    ...(system && { os: [systems[system] ?? system] }),
    ...(system?.startsWith('linux') && { libc: [isMusl ? 'musl' : 'glibc'] }),
  };
}
