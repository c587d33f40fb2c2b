import { svg } from './crafted-images.ts';

/** Small drawings that take a renderer minutes or gigabytes, each by another means. */
export function svgBombs(): Readonly<Record<string, string>> {
  const blurred = '<filter id="f"><feGaussianBlur stdDeviation="9"/></filter>';
  const many = (count: number, each: (index: number) => string) =>
    Array.from({ length: count }, (_, i) => each(i)).join('');
  return {
    'groups that use groups': svg(
      nested(9, '<rect width="500" height="500" opacity=".5"/>', 10, i => `<use href="#n${i}"/>`),
    ),
    'blurred groups that use groups': svg(
      `<defs>${blurred}</defs>${nested(7, '<rect width="99" height="99"/>', 8, i => `<use href="#n${i}" filter="url(#f)"/>`)}`,
    ),
    'patterns in patterns': svg(
      `<defs>${many(9, i => `<pattern id="p${i + 1}" width="2" height="2" patternUnits="userSpaceOnUse"><rect width="500" height="500" fill="${i === 0 ? 'red' : `url(#p${i})`}"/></pattern>`)}</defs><rect width="500" height="500" fill="url(#p9)"/>`,
    ),
    'masks in masks': svg(
      `<defs>${many(40, i => `<mask id="m${i + 1}"><rect width="500" height="500" fill="white" ${i === 0 ? '' : `mask="url(#m${i})"`}/><rect width="500" height="500" ${i === 0 ? '' : `mask="url(#m${i})"`}/></mask>`)}</defs><rect width="500" height="500" mask="url(#m40)"/>`,
    ),
    'a chain of filters': svg(
      `<defs><filter id="c" x="-9" y="-9" width="20" height="20">${many(900, () => '<feMorphology operator="dilate" radius="99"/><feGaussianBlur stdDeviation="99"/>')}</filter></defs><rect width="500" height="500" filter="url(#c)"/>`,
    ),
    'noise of many octaves': svg(
      `<defs><filter id="t">${many(200, () => '<feTurbulence baseFrequency=".9" numOctaves="9"/>')}</filter></defs>${many(200, () => '<rect width="500" height="500" filter="url(#t)"/>')}`,
    ),
    'dashes without number': svg(
      many(500, i => `<path d="M0 ${i} H 100000000" stroke="red" stroke-dasharray=".00001 .00001"/>`),
    ),
    'a hundred thousand levels': svg('<g>'.repeat(100_000)),
    'a billion laughs': laughs(),
    'a text of a million letters': svg(
      `<text filter="url(#f)" textLength="9">${'&#x1F600;a'.repeat(100_000)}</text>`,
    ),
    'a path of a million curves': svg(`<path stroke="red" d="M0 0${'C9 500 500 9 0 0'.repeat(200_000)}"/>`),
    'a million clones of a marker': svg(
      `<marker id="k"><circle r="9" filter="url(#f)"/></marker><path marker-mid="url(#k)" d="M0 0${'L9 9 0 0'.repeat(200_000)}"/>`,
    ),
  };
}

/** Each level holds the one before it so many times. */
function nested(levels: number, first: string, times: number, use: (level: number) => string): string {
  const groups = Array.from({ length: levels }, (_, i) => `<g id="n${i + 1}">${use(i).repeat(times)}</g>`);
  return `<defs><g id="n0">${first}</g>${groups.join('')}</defs><use href="#n${levels}"/>`;
}

function laughs(): string {
  const entities = Array.from({ length: 9 }, (_, i) => `<!ENTITY e${i + 1} "${`&e${i};`.repeat(10)}">`);
  return `<!DOCTYPE svg [<!ENTITY e0 "ha">${entities.join('')}]>${svg('<text>&e9;</text>')}`;
}
