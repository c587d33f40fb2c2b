import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { suite, test } from 'node:test';
import { readLeafConfig } from '../../src/config/leaf-config.ts';
import { goProgram } from '../support/deployment/go-program.ts';
import { hostsInCluster, leafProcesses } from '../support/deployment/leaf-hosts.ts';
import { kubernetesFolder } from '../support/deployment/manifests.ts';
import { projectRoot, run } from '../support/program.ts';
import { realServer } from '../support/servers/real-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly {
    readonly host_ip?: string;
    readonly published: string;
    readonly target: number;
  }[];
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
}

const file = path.join(projectRoot, 'deploy/leaf/compose.yaml');
const cluster = 'leaf-image-management-system.svc.cluster.local';
const specification = await realServer('the compose file of the leaf system', () =>
  goProgram('compose-spec', 'github.com/compose-spec/compose-go/v2/cmd', 'v2.16.2'),
);

suite('The compose file', { skip: specification === undefined }, () => {
  test('is what the Compose Specification allows; a misspelt key is not', async () => {
    const { code, stderr } = await read(file);
    assert.equal(code, 0, stderr);
    await using folder = await temporaryFolder();
    const misspelt = path.join(folder.path, 'leaf/compose.yaml');
    await mkdir(path.dirname(misspelt));
    await writeFile(misspelt, (await readFile(file, 'utf8')).replaceAll('read_only:', 'readonly:'));
    assert.notEqual((await read(misspelt)).code, 0);
  });

  test('has each process and store under its name in the cluster, configured by ENV alone', async () => {
    const services = await servicesOf();
    for (const host of hostsInCluster('stg')) assert.ok(services[host.replace(/:\d+$/, '')], host);
    for (const name of leafProcesses) {
      const [[service = '', found] = []] = Object.entries(services).filter(
        ([, { command = [] }]) => command[0] === 'leaf' && command[1] === name,
      );
      assert.ok(found && service.endsWith(`.${cluster}`), name);
      const { LEAF_STATE: _, ...environment } = found.environment ?? {};
      assert.deepEqual(environment, { ENV: 'stg' }, name);
      const { PORT } = readLeafConfig(name, { ENV: 'stg' });
      const ports = found.ports?.map(({ host_ip, published, target }) => [host_ip, published, target]);
      assert.deepEqual(ports, [['127.0.0.1', String(PORT), PORT]], name);
      assert.ok(found.read_only && found.cap_drop?.includes('ALL'), name);
    }
  });

  test('has the images that the manifests have', async () => {
    const manifest = await readFile(path.join(kubernetesFolder, 'base/kustomization.yaml'), 'utf8');
    const pairs = [...manifest.matchAll(/- name: (\S+)\n {4}newTag: "?([\d.]+)/g)];
    const images = Object.values(await servicesOf()).map(({ image }) => image);
    assert.deepEqual([...new Set(images)].sort(), pairs.map(([, name, tag]) => `${name}:${tag}`).sort());
  });
});

async function servicesOf(): Promise<Readonly<Record<string, Service>>> {
  const { code, stdout, stderr } = await read(file);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout).services;
}

function read(composeFile: string) {
  return run(specification ?? '', ['-format', 'json', composeFile]);
}
