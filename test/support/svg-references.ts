import { svg } from './crafted-images.ts';

export interface Surroundings {
  /** A server that must not be asked. */
  readonly url: string;
  /** The path of a red PNG. */
  readonly image: string;
  /** Of the same in the folder of the SVG. */
  readonly neighbour: string;
}

/** Drawings that show something only if they may read what is not in them, by what they refer with. */
export function svgReferences({ url, image, neighbour }: Surroundings): Readonly<Record<string, string>> {
  const drawings: Record<string, string> = {};
  const targets = [
    neighbour,
    `./${neighbour}`,
    image,
    `file://${image}`,
    `file://localhost${image}`,
    `${url}/a.png`,
  ];
  const all = '<rect width="500" height="500" ';
  for (const [index, target] of targets.entries()) {
    const inner = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="500" height="500"><image xlink:href="${target}" width="500" height="500"/></svg>`;
    const kinds = {
      'image href': svg(`<image href="${target}" width="500" height="500"/>`),
      'image xlink:href': svg(`<image xlink:href="${target}" width="500" height="500"/>`),
      feImage: svg(`<filter id="f"><feImage href="${target}"/></filter>${all}fill="none" filter="url(#f)"/>`),
      pattern: svg(
        `<pattern id="p" width="1" height="1"><image href="${target}" width="500" height="500"/></pattern>${all}fill="url(#p)"/>`,
      ),
      'an SVG in a data URI': svg(
        `<image href="data:image/svg+xml;base64,${Buffer.from(inner).toString('base64')}" width="500" height="500"/>`,
      ),
      'a data URI in a data URI': svg(
        `<image href="data:image/svg+xml,${encodeURIComponent(svg(`<image href="data:image/svg+xml,${encodeURIComponent(inner)}" width="500" height="500"/>`))}" width="500" height="500"/>`,
      ),
      'xml:base': svg(
        `<image href="${target.split('/').at(-1)}" width="500" height="500"/>`,
        `xml:base="${target}"`,
      ),
    };
    for (const [kind, drawing] of Object.entries(kinds)) drawings[`${kind}, target ${index}`] = drawing;
  }
  for (const target of ['/etc/passwd', 'file:///etc/passwd', `${url}/a.txt`]) {
    drawings[`an entity, ${target}`] =
      `<!DOCTYPE svg [<!ENTITY x SYSTEM "${target}">]>${svg('<text x="9" y="99">&x;</text>')}`;
    drawings[`a parameter entity, ${target}`] =
      `<!DOCTYPE svg [<!ENTITY % x SYSTEM "${target}"> %x;]>${svg('<text/>')}`;
    drawings[`a document type, ${target}`] = `<!DOCTYPE svg SYSTEM "${target}">${svg('')}`;
    drawings[`XInclude, ${target}`] = svg(
      `<text x="9" y="99"><xi:include href="${target}" parse="text"/></text>`,
      'xmlns:xi="http://www.w3.org/2001/XInclude"',
    );
  }
  return {
    ...drawings,
    'use of another file': svg(`<use href="${url}/a.svg#a"/><use href="${neighbour}.svg#a"/>`),
    'a style sheet imported': svg(`<style>@import url("${url}/a.css"); @import "${neighbour}.css";</style>`),
    'a style sheet named': `<?xml-stylesheet href="${url}/a.css" type="text/css"?>${svg(`${all}fill="none"/>`)}`,
    'a font': svg(`<style>@font-face { font-family: f; src: url("${url}/a.ttf"); }</style>`),
    'a fill from elsewhere': svg(`${all}fill="url(${url}/a.svg#a)"/>${all}fill="url(file://${image}#a)"/>`),
    'a script': svg(`<script href="${url}/a.js"/><script>fetch("${url}")</script>`),
    'a foreign object': svg(
      `<foreignObject width="500" height="500"><img xmlns="http://www.w3.org/1999/xhtml" src="${url}/a.png"/></foreignObject>`,
    ),
    'a frame': svg(
      `<foreignObject width="500" height="500"><iframe xmlns="http://www.w3.org/1999/xhtml" src="file:///etc/passwd"/></foreignObject>`,
    ),
  };
}
