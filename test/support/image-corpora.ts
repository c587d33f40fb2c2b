import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { OwnApt } from './servers/own-apt.ts';
import { notTested } from './test-data.ts';

const exec = promisify(execFile);
const cache = path.join(os.homedir(), '.cache/tintype-tests');
const commandMs = 240_000;

const pillow = 'pillow==13.0.0';
/** Those whose own tests bring many images, damaged ones above all. */
const debianSources = [
  'exiv2',
  'gdk-pixbuf',
  'giflib',
  'golang-golang-x-image',
  'graphicsmagick',
  'imagemagick',
  'libheif',
  'libjpeg-turbo',
  'libpng1.6',
  'libwebp',
  'php8.2',
  'tiff',
  'vips',
];
/** Names of files that an image library is tried with, whether they are images or not. */
const imageName =
  /\.(png|jpe?g|jpe|jfif|webp|avif|heic|heif|gif|tiff?|svgz?|bmp|dib|jp2|j2k|jpf|jxl|pnm|p[bgp]m|psd|ico|cur|xcf|dng|cr2|nef|orf|exv|poc|bin|miff|pcx|tga|ras|fits?|sgi|icns|im|eps|pdf|fli|dds|blp|qoi|hdr|exr|webm|mp4)$/i;

/**
 * Images from the test suites of other projects, by path: Pillow's, from its source distribution, and those in the
 * source packages of Debian. They are downloaded by pip and apt-get on first use and kept in the user's cache folder.
 * Where that is not possible, a line says so at the end of the run; with TINTYPE_TEST_DATA set it throws.
 */
export async function foreignImages(): Promise<string[]> {
  const corpora = [
    { name: `pillow-${pillow.split('==')[1]}`, what: 'the test images of Pillow', fetch: fetchPillow },
    { name: 'debian-sources', what: 'the test images in Debian’s source packages', fetch: fetchDebian },
  ];
  const files: string[] = [];
  for (const { name, what, fetch } of corpora) {
    const folder = path.join(cache, name);
    try {
      if (!existsSync(folder)) await fetchInto(folder, fetch);
      files.push(...(await imagesBelow(folder)));
    } catch (cause) {
      if (process.env.TINTYPE_TEST_DATA) throw new Error(`${what} could not be downloaded.`, { cause });
      console.log(`${notTested}${what}`);
    }
  }
  return files;
}

/** Whole or not at all: the folder appears when everything is in it. */
async function fetchInto(folder: string, fetch: (into: string) => Promise<void>): Promise<void> {
  await mkdir(cache, { recursive: true });
  const unfinished = await mkdtemp(`${folder}.`);
  try {
    await fetch(unfinished);
    await rename(unfinished, folder);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

async function fetchPillow(into: string): Promise<void> {
  const args = ['download', '--no-binary', 'pillow', '--no-deps', '--quiet', '-d', into, pillow];
  await exec('pip', args, { timeout: commandMs });
  await unpackImages(into);
}

async function fetchDebian(into: string): Promise<void> {
  await using apt = await OwnApt.open(into, await sourceList());
  await apt.run('apt-get', ['-q', 'source', '--download-only', ...debianSources]);
  await unpackImages(into);
}

/** Debian's own list (deb822), asking for sources; without the security suite, whose old versions go from the servers. */
async function sourceList(): Promise<string> {
  const list = await readFile('/etc/apt/sources.list.d/debian.sources', 'utf8');
  const stanzas = list.split(/\n\s*\n/).filter(stanza => !/^Suites:.*-security/m.test(stanza));
  return stanzas.join('\n\n').replaceAll(/^Types: .*$/gm, 'Types: deb-src');
}

/** Of each archive its images alone, in a folder of its name; the archives go. */
async function unpackImages(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!/\.tar\.\w+$/.test(name)) {
      if (/\.(dsc|asc)$/.test(name)) await rm(path.join(folder, name));
      continue;
    }
    const archive = path.join(folder, name);
    const target = path.join(folder, name.replace(/\.tar\.\w+$/, ''));
    await mkdir(target);
    const listed = await exec('tar', ['-tf', archive], { maxBuffer: 2 ** 26 });
    const images = listed.stdout.split('\n').filter(file => imageName.test(file));
    await writeFile(`${target}.list`, images.join('\n'));
    if (images.length > 0) {
      await exec('tar', ['-xf', archive, '-C', target, '--no-wildcards', '-T', `${target}.list`]);
    }
    await rm(`${target}.list`);
    await rm(archive);
  }
}

async function imagesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter(entry => entry.isFile())
    .map(entry => path.join(entry.parentPath, entry.name))
    .sort();
}
