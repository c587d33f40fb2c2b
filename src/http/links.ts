export { Links } from '../jobs/links.ts';
