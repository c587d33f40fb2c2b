import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { setImmediate, setTimeout } from 'node:timers/promises';
import sharp, { type Create } from 'sharp';
import { eventually } from '../support/eventually.ts';
import { rendererPids, TestPool } from '../support/renderer-pool.ts';

const mebibyte = 2 ** 20;

describe('images that are damaged or lie', () => {
  it('calls a truncated JPEG corrupt, and what is no image by its name', async () => {
    await using renderers = await TestPool.create();
    const whole = await noise(800, 600);
    const cases: [name: string, bytes: Buffer | string, code: string][] = [
      ['half.jpg', whole.subarray(0, whole.length / 2), 'corrupt-image'],
      ['start.jpg', whole.subarray(0, 12), 'corrupt-image'],
      ['text.png', 'I am no image, whatever my name says.', 'not-an-image'],
      ['empty.png', '', 'empty-upload'],
      ['page.html', '<html><svg></svg></html>', 'not-an-image'],
      ['heic.jpg', heic(), 'unsupported-image'],
      ['drawing.svg', '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', 'unsupported-image'],
    ];
    for (const [name, bytes, code] of cases) {
      await writeFile(renderers.file(name), bytes);
      await assert.rejects(renderers.render(renderers.file(name), { size: '50x50' }), { code }, name);
    }
    // A damaged image costs a renderer, but the next one works.
    await writeFile(renderers.file('whole.jpg'), whole);
    assert.equal((await renderers.render(renderers.file('whole.jpg'), { size: '50x50' })).width, 50);
  });

  it('decodes no more pixels than the header said', async () => {
    await using renderers = await TestPool.create();
    const source = renderers.file('large.png');
    await sharp({ create: { width: 3000, height: 3000, channels: 3, background: 'red' } })
      .png()
      .toFile(source);
    const header = { ...(await renderers.inspect(source)), width: 10, height: 10 };
    const outputs = [{ name: 'out', options: {}, target: renderers.file('out') }];
    const render = renderers.pool.render({ source, header, outputs }, new AbortController().signal);
    await assert.rejects(render, { code: 'image-too-large' });
  });

  it('names the output whose crop lies outside the image', async () => {
    await using renderers = await TestPool.create();
    await writeFile(renderers.file('photo.jpg'), await noise(80, 60));
    const options = { crop: { left: 60, top: 0, width: 40, height: 10 } };
    await assert.rejects(renderers.render(renderers.file('photo.jpg'), options), {
      code: 'invalid-output',
      output: 'out',
    });
  });
});

describe('SVG', () => {
  it('draws a plain one where it is allowed', async () => {
    await using renderers = await TestPool.create({ limits: { allowSvg: true } });
    const source = renderers.file('a.svg');
    await writeFile(source, svg('<rect width="100%" height="100%" fill="lime"/>'));
    const output = await renderers.render(source, { size: '20x20' });
    assert.equal(output.contentType, 'image/png');
    assert.deepEqual([...(await sharp(output.path).raw().toBuffer()).subarray(0, 3)], [0, 255, 0]);
  });
});

describe('the renderers', () => {
  it('die within a moment when the caller gives up, with the caller’s reason', async () => {
    await using renderers = await TestPool.create();
    const source = renderers.file('slow.png');
    await writeFile(source, await noise(3000, 2000));
    const caller = new AbortController();
    const render = renderers.render(source, { format: 'avif' }, { signal: caller.signal });
    render.catch(() => {});
    const pid = await eventually(async () => (await rendererPids())[0], 'a renderer starts');
    const reason = new Error('enough');
    caller.abort(reason);
    await assert.rejects(render, reason);
    assert.throws(() => process.kill(pid, 0));
    assert.equal(await renderers.kills('cancelled'), 1);
    assert.equal((await renderers.render(source, { size: '10x10' })).width, 10);
  });

  it('are replaced after a crash', async () => {
    await using renderers = await TestPool.create();
    const source = renderers.file('slow.png');
    await writeFile(source, await noise(3000, 2000));
    const render = renderers.render(source, { format: 'avif' });
    render.catch(() => {});
    const pid = await eventually(async () => (await rendererPids())[0], 'a renderer starts');
    process.kill(pid, 'SIGSEGV');
    await assert.rejects(render, { code: 'render-crashed' });
    assert.equal(await renderers.kills('crashed'), 1);
    assert.equal((await renderers.render(source, { size: '10x10' })).width, 10);
  });

  it('are not killed for the time in which the service was stopped with them', async () => {
    await using renderers = await TestPool.create({ limits: { allowSvg: true } });
    const source = renderers.file('drawing.svg');
    await writeFile(source, '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="60"/>');
    await renderers.inspect(source);
    const [pid = 0] = await rendererPids();
    process.kill(pid, 'SIGSTOP');
    const inspected = renderers.inspect(source);
    await setImmediate();
    // Longer than an SVG may take.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500);
    process.kill(pid, 'SIGCONT');
    assert.equal((await inspected).width, 90);
    assert.equal(await renderers.kills('timeout'), 0);
  });

  it('are not killed for time in which they were stopped or got no processor', async () => {
    await using renderers = await TestPool.create();
    const source = renderers.file('large.tif');
    // Its size stands at its end, where a renderer has to look.
    await sharp({ create: { width: 600, height: 600, channels: 3, background: 'red' } })
      .tiff({ compression: 'none' })
      .toFile(source);
    await renderers.inspect(source);
    const [pid = 0] = await rendererPids();
    process.kill(pid, 'SIGSTOP');
    const inspected = renderers.inspect(source);
    // Longer than the processor time that it may take.
    await setTimeout(5_500);
    process.kill(pid, 'SIGCONT');
    assert.equal((await inspected).width, 600);
    assert.deepEqual(await rendererPids(), [pid]);
  });

  it('go on when the whole process group is told to stop, as by Ctrl-C', async () => {
    await using renderers = await TestPool.create({ limits: { allowSvg: true } });
    const source = renderers.file('drawing.svg');
    await writeFile(source, '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="60"/>');
    await renderers.inspect(source);
    const [pid = 0] = await rendererPids();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.kill(pid, signal);
    assert.equal((await renderers.inspect(source)).width, 90);
    assert.deepEqual(await rendererPids(), [pid]);
  });

  it('end an image that takes more memory than was estimated, as too large and not as damaged', async () => {
    await using renderers = await TestPool.create({ limits: { maxRenderBytes: 60 * mebibyte } });
    const source = renderers.file('large.avif');
    // Some 400 MB for half a second: many times the limit, and many looks of the renderer at its own size.
    await sharp({ create: { width: 4500, height: 4500, channels: 3, background: 'red' } })
      .avif({ effort: 0 })
      .toFile(source);
    // As if the estimate had been wrong.
    const header = { ...(await renderers.inspect(source)), format: 'png', interlaced: false } as const;
    const outputs = [
      { name: 'out', options: { format: 'png', size: '50x50' } as const, target: renderers.file('out') },
    ];
    const render = renderers.pool.render({ source, header, outputs }, new AbortController().signal);
    await assert.rejects(render, { code: 'image-too-large' });
    assert.equal(await renderers.kills('memory'), 1);
  });

  it('call an output too large, not the image damaged, when its encoder gets no memory', async () => {
    await using renderers = await TestPool.create();
    const source = renderers.file('small.jpg');
    await writeFile(source, await noise(90, 60));
    const wide = { size: '16383x1000', fit: 'fill', format: 'avif' } as const;
    await assert.rejects(renderers.render(source, wide), { code: 'output-too-large', output: 'out' });
  });

  it('leave no process behind when the pool stops, and take nothing more', async () => {
    const renderers = await TestPool.create({ size: 2 });
    const source = renderers.file('slow.png');
    await writeFile(source, await noise(3000, 2000));
    const renders = [1, 2, 3].map(() => renderers.render(source, { format: 'avif' }));
    const ended = Promise.all(renders.map(render => assert.rejects(render, { code: 'shutting-down' })));
    await eventually(async () => (await rendererPids()).length === 2, 'two renderers start');
    await renderers.pool.stop();
    await renderers.pool.stop();
    await ended;
    assert.deepEqual(await rendererPids(), []);
    await assert.rejects(renderers.render(source, {}), { code: 'shutting-down' });
    await renderers[Symbol.asyncDispose]();
  });
});

function noise(width: number, height: number): Promise<Buffer> {
  const create = {
    width,
    height,
    channels: 3,
    background: 'red',
    noise: { type: 'gaussian', mean: 128, sigma: 40 },
  };
  return sharp({ create: create as Create })
    .jpeg()
    .toBuffer();
}

function heic(): Buffer {
  return Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1');
}

function svg(content: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100">${content}</svg>`;
}
