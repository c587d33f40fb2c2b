import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { projectRoot, run } from '../program.ts';
import { pythonWith } from '../servers/python-environment.ts';
import { realServer } from '../servers/real-server.ts';
import { goProgram } from './go-program.ts';

export const kubernetesFolder = path.join(projectRoot, 'deploy/leaf/kubernetes');

const schemas = 'kubernetes-validate==1.37.0';
const checker = path.join(import.meta.dirname, 'check-manifests.py');

/** What of a manifest our tests look at. */
export interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  // biome-ignore lint/suspicious/noExplicitAny: each kind has another shape, which the schemas vouch for
  readonly spec: any;
}

export interface CheckedManifests {
  readonly documents: readonly Manifest[];
  readonly faults: readonly string[];
}

/** Kustomize, and Kubernetes' schemas. */
export interface ManifestTools {
  /** The YAML that an overlay stands for. */
  render(folder: string): Promise<string>;
  /** @param versions of Kubernetes, such as 1.37 */
  check(yaml: string, versions: readonly string[]): Promise<CheckedManifests>;
}

/** Undefined where they can't be had, as with `realServer`. */
export async function manifestTools(what: string): Promise<ManifestTools | undefined> {
  const python = await pythonWith(schemas.replace('==', '-'), [[schemas]], what);
  // The newest that Go 1.26 builds.
  const kustomize = await realServer(what, () =>
    goProgram('kustomize', 'sigs.k8s.io/kustomize/kustomize/v5', 'v5.8.1'),
  );
  if (python === undefined || kustomize === undefined) return undefined;
  return {
    async render(folder) {
      const { code, stdout, stderr } = await run(kustomize, ['build', folder]);
      if (code !== 0) throw new Error(stderr);
      return stdout;
    },
    async check(yaml, versions) {
      const child = spawn(python, [checker, ...versions], { stdio: ['pipe', 'pipe', 'inherit'] });
      child.stdin.end(yaml);
      const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
      if (code !== 0) throw new Error(`${checker} ended with ${code}`);
      return JSON.parse(output) as CheckedManifests;
    },
  };
}
