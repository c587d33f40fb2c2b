import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { before, suite, test } from 'node:test';
import { type LeafService, readLeafConfig } from '../../src/config/leaf-config.ts';
import { hostsInCluster, leafProcesses } from '../support/deployment/leaf-hosts.ts';
import {
  type CheckedManifests,
  kubernetesFolder,
  type Manifest,
  manifestTools,
} from '../support/deployment/manifests.ts';
import { projectRoot } from '../support/program.ts';

/** The oldest and the newest that the manifests are for. */
const versions = ['1.32', '1.37'];
const namespace = 'leaf-image-management-system';
const what = 'the Kubernetes manifests of the leaf system';
const tools = await manifestTools(what);

suite('The Kubernetes manifests', { skip: tools === undefined }, () => {
  test('are checked so that a misspelt field, a wrong type and an unknown kind are faults', async () => {
    const rendered = (await render('stg')).split('\n---\n');
    const mistakes = [
      ['periodSeconds:', 'periodSecond:'],
      ['maxReplicas: 6', 'maxReplicas: six'],
      ['kind: Ingress\n', 'kind: Inlet\n'],
    ] as const;
    const wrong = mistakes.map(([before, after]) =>
      rendered.find(document => document.includes(before))?.replace(before, after),
    );
    const { faults } = await check(wrong.join('\n---\n'), ['1.37']);
    assert.equal(faults.length, mistakes.length, faults.join('\n'));
  });

  for (const environment of ['stg', 'prod'] as const) {
    suite(`of ${environment}`, () => {
      let checked: CheckedManifests;
      const of = (...kinds: string[]) => checked.documents.filter(({ kind }) => kinds.includes(kind));
      const workloads = () => of('Deployment', 'StatefulSet');
      const processOf = (name: LeafService): Manifest => {
        const found = workloads().filter(each => {
          const { args = [] } = containerOf(each);
          return args[0] === 'leaf' && args[1] === name;
        });
        assert.equal(found.length, 1, name);
        return found[0] as Manifest;
      };
      before(async () => {
        checked = await check(await render(environment), versions);
      });

      test('are what Kubernetes’ schemas allow, in one namespace', () => {
        assert.deepEqual(checked.faults, []);
        const spaces = checked.documents.filter(({ kind }) => kind !== 'Namespace');
        assert.deepEqual([...new Set(spaces.map(({ metadata }) => metadata.namespace))], [namespace]);
      });

      test('hold every manifest that there is', async () => {
        const files = globSync('base/*.yaml', { cwd: kubernetesFolder });
        const manifests = files.filter(file => path.basename(file) !== 'kustomization.yaml');
        const yaml = await Promise.all(manifests.map(readText));
        const { documents } = await check(yaml.join('\n---\n'), []);
        assert.ok(documents.length > 0);
        for (const { kind, metadata } of documents)
          assert.ok(
            of(kind).some(each => each.metadata.name === metadata.name),
            `${kind} ${metadata.name}`,
          );
      });

      test('give each container requests, limits and probes, and no rights', () => {
        for (const workload of workloads()) {
          const { name } = workload.metadata;
          const pod = workload.spec.template.spec;
          assert.equal(pod.securityContext.runAsNonRoot, true, name);
          assert.equal(pod.automountServiceAccountToken, false, name);
          assert.equal(pod.enableServiceLinks, false, name);
          for (const container of pod.containers) {
            const { resources, securityContext } = container;
            for (const bounds of [resources.requests, resources.limits])
              assert.deepEqual(Object.keys(bounds).sort(), ['cpu', 'memory'], name);
            for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'])
              assert.ok(container[probe], `${name}: ${probe}`);
            assert.equal(securityContext.readOnlyRootFilesystem, true, name);
            assert.equal(securityContext.allowPrivilegeEscalation, false, name);
            assert.deepEqual(securityContext.capabilities.drop, ['ALL'], name);
          }
        }
      });

      test('run each process once, on its ports, and ask it for its health', () => {
        for (const name of leafProcesses) {
          const container = containerOf(processOf(name));
          const { PORT, METRICS_PORT } = readLeafConfig(name, { ENV: environment });
          const ports = Object.fromEntries(
            container.ports.map((port: Port) => [port.name, port.containerPort]),
          );
          assert.deepEqual(ports, { http: PORT, metrics: METRICS_PORT }, name);
          assert.deepEqual(container.livenessProbe.httpGet, { path: '/health/live', port: 'http' });
          assert.deepEqual(container.readinessProbe.httpGet, { path: '/health/ready', port: 'http' });
        }
      });

      test('keep the jobs’ state on a volume', () => {
        for (const name of ['camera', 'recognizer', 'users', 'synchronizer'] as const) {
          const { spec } = processOf(name);
          const { env, volumeMounts } = containerOf({ spec } as Manifest);
          const { value } = env.find((each: { name: string }) => each.name === 'LEAF_STATE');
          assert.deepEqual(
            volumeMounts.find(({ mountPath }: { mountPath: string }) => mountPath === value)?.name,
            spec.volumeClaimTemplates[0].metadata.name,
          );
        }
      });

      test('have a service under each name that the configuration has, with pods behind it', async () => {
        const services = of('Service').flatMap(({ metadata, spec }) =>
          spec.ports.map(
            ({ port }: { port: number }) => `${metadata.name}.${namespace}.svc.cluster.local:${port}`,
          ),
        );
        const { secret, broker } = await namesElsewhere();
        for (const host of [...hostsInCluster(environment), ...secret, ...broker])
          assert.ok(services.includes(host), host);
        for (const { metadata, spec } of of('Service')) {
          const [label = '', value] = Object.entries(spec.selector)[0] ?? [];
          const pods = workloads().filter(each => each.spec.template.metadata.labels[label] === value);
          assert.equal(pods.length, 1, metadata.name);
          const names = containerOf(pods[0] as Manifest).ports.map((port: Port) => port.name);
          for (const { targetPort } of spec.ports) assert.ok(names.includes(targetPort), metadata.name);
        }
      });

      test('let in what the ingress controller and Prometheus send, and nothing else', () => {
        const policies = of('NetworkPolicy');
        const all = policies.find(({ spec }) => Object.keys(spec.podSelector).length === 0);
        assert.deepEqual(all?.spec, { podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
        const from = policies.flatMap(({ spec }) =>
          (spec.ingress ?? []).flatMap(({ from }: { from: object[] }) => from),
        );
        const outside = from.filter(peer => 'namespaceSelector' in peer || 'ipBlock' in peer);
        assert.deepEqual(
          outside.map(
            ({ namespaceSelector }) => namespaceSelector.matchLabels['kubernetes.io/metadata.name'],
          ),
          ['traefik', 'monitoring'],
        );
        for (const { metadata, spec } of of('Service')) assert.equal(spec.type, undefined, metadata.name);
        const behind = of('Ingress').flatMap(({ spec }) =>
          spec.rules.map(({ http }: Rule) => http.paths[0]?.backend.service.name),
        );
        const names = of('Service').map(({ metadata }) => metadata.name);
        assert.ok(behind.length > 0 && behind.every(name => names.includes(name)));
      });

      test('scale what may be scaled, the consumers to the number of partitions', async () => {
        const settings = await readText('base/kafka/server.properties');
        const partitions = Number(/^num\.partitions=(\d+)$/m.exec(settings)?.[1]);
        const most = Object.fromEntries(
          of('HorizontalPodAutoscaler').map(({ spec }) => [spec.scaleTargetRef.name, spec.maxReplicas]),
        );
        assert.deepEqual(
          Object.keys(most).sort(),
          of('Deployment')
            .map(({ metadata }) => metadata.name)
            .sort(),
        );
        assert.equal(most.consumer, partitions);
        assert.ok(
          of('Deployment').every(({ spec }) => spec.replicas === undefined),
          'they would undo it',
        );
        assert.ok(of('StatefulSet').every(({ spec }) => (spec.replicas ?? 1) === 1));
        assert.deepEqual(of('PodDisruptionBudget').length, of('Deployment').length);
      });

      test('have this release, and no secret but by name', async () => {
        const { version } = JSON.parse(await readFile(path.join(projectRoot, 'package.json'), 'utf8'));
        for (const name of leafProcesses)
          assert.equal(containerOf(processOf(name)).image, `tintype:${version}`);
        assert.deepEqual(of('Secret'), []);
        const { keys } = await namesElsewhere();
        const used = workloads()
          .flatMap(each => containerOf(each).env ?? [])
          .flatMap(({ valueFrom }) => (valueFrom ? [valueFrom.secretKeyRef] : []));
        assert.ok(used.every(({ name }) => name === 'leaf'));
        assert.deepEqual([...new Set(used.map(({ key }) => key))].sort(), keys.sort());
      });
    });
  }
});

interface Port {
  readonly name: string;
  readonly containerPort: number;
}

interface Rule {
  readonly http: {
    readonly paths: readonly { readonly backend: { readonly service: { readonly name: string } } }[];
  };
}

function render(environment: 'stg' | 'prod'): Promise<string> {
  assert.ok(tools);
  return tools.render(path.join(kubernetesFolder, 'overlays', environment));
}

function check(yaml: string, versions: readonly string[]): Promise<CheckedManifests> {
  assert.ok(tools);
  return tools.check(yaml, versions);
}

function containerOf({ spec }: Manifest) {
  return spec.template.spec.containers[0];
}

function readText(file: string): Promise<string> {
  return readFile(path.join(kubernetesFolder, file), 'utf8');
}

/** Hosts, and the keys of the secret, where neither manifests nor configuration say them. */
async function namesElsewhere(): Promise<{ secret: string[]; broker: string[]; keys: string[] }> {
  const script = await readText('../secret.sh');
  const settings = await readText('base/kafka/server.properties');
  const secret = /@mongodb-\$1\.\$namespace(\.svc\.cluster\.local:\d+)/.exec(script)?.[1] ?? '';
  return {
    secret: ['producer', 'consumer'].map(name => `mongodb-${name}.${namespace}${secret}`),
    broker: [/^advertised\.listeners=PLAINTEXT:\/\/(\S+)$/m.exec(settings)?.[1] ?? ''],
    keys: [...script.matchAll(/echo "(\w+)=/g)].map(([, key = '']) => key),
  };
}
