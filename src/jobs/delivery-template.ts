import { fits } from './delivery-body.ts';
import type { Job } from './job.ts';
import { viewWithoutTries } from './job-view.ts';
import type { Links } from './links.ts';
import type { WebhookEvent } from './webhook.ts';

/** JSON in whose strings `{{name}}` stands for something of the job: for receivers that want a body of their own shape. */
export type DeliveryTemplate =
  | string
  | number
  | boolean
  | null
  | DeliveryTemplate[]
  | { [key: string]: DeliveryTemplate };

/** What `{{name}}` may be. */
export const templateNames = [
  'type',
  'id',
  'status',
  'code',
  'message',
  'location',
  'class',
  'filename',
  'run',
  'owner',
  'start',
  'finish',
] as const;

type Values = Readonly<Record<(typeof templateNames)[number], string>>;

const placeholder = /\{\{\s*([A-Za-z]*)\s*\}\}/g;

/** Characters that are left of each value, tried until the body is small enough. */
const valueLengths = [Number.POSITIVE_INFINITY, 256, 32, 0];

/** The names in a template that stand for nothing. */
export function unknownNames(template: DeliveryTemplate): string[] {
  const known: readonly string[] = templateNames;
  return [...JSON.stringify(template).matchAll(placeholder)]
    .map(([, name = '']) => name)
    .filter(name => !known.includes(name));
}

/** The template as JSON with the job's values: replaced in strings before these are written, so nothing needs escaping. */
export function templatedBody(
  template: DeliveryTemplate,
  type: WebhookEvent,
  job: Job,
  links: Links,
): string {
  const values = valuesOf(type, job, links);
  let body = '';
  for (const length of valueLengths) {
    body = JSON.stringify(filled(template, name => values[name].slice(0, length)));
    if (fits(body)) break;
  }
  return body;
}

function valuesOf(type: WebhookEvent, job: Job, links: Links): Values {
  const view = viewWithoutTries(job, links);
  return {
    type,
    id: view.id,
    status: view.status,
    code: String(view.code),
    message: view.message,
    location: view.location,
    class: view.class ?? '',
    filename: view.source.filename,
    run: String(view.run),
    owner: view.owner,
    start: view.start,
    finish: view.finish ?? '',
  };
}

function filled(template: DeliveryTemplate, replace: (name: keyof Values) => string): DeliveryTemplate {
  if (typeof template === 'string') {
    return template.replaceAll(placeholder, (_, name) => replace(name as keyof Values));
  }
  if (Array.isArray(template)) return template.map(each => filled(each, replace));
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(Object.entries(template).map(([key, value]) => [key, filled(value, replace)]));
}
