import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Fills the folder with the jars of these programs and of all that they need. Maven only copies; nothing is compiled.
 * @param artifacts as `group:artifact:version`
 */
export async function mavenJars(folder: string, artifacts: readonly string[]): Promise<void> {
  const pom = path.join(folder, 'pom.xml');
  await writeFile(pom, project(artifacts));
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
  const flags = ['-B', '-q', '-ntp', '-f', pom, '-DincludeScope=runtime', `-DoutputDirectory=${folder}`];
  await run('mvn', [...flags, goal], { cwd: folder });
  await rm(pom);
}

function project(artifacts: readonly string[]): string {
  const dependencies = artifacts.map(artifact => {
    const [group, name, version] = artifact.split(':');
    return `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`;
  });
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>tintype</groupId><artifactId>test-server</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>${dependencies.join('\n')}</dependencies></project>`;
}
