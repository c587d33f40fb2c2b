import { TintypeError } from '../errors/tintype-error.ts';
import type { HttpApp } from './http-app.ts';

/** Answers requests for which there is no route: 405 with `Allow` if the path has other methods alone, else 404. */
export function refuseUnknownRoutes(app: HttpApp): void {
  const routes: { readonly path: RegExp; readonly methods: readonly string[] }[] = [];
  const slash = app.initialConfig.routerOptions?.ignoreTrailingSlash ? '/?' : '';
  app.addHook('onRoute', ({ url, method }) => {
    const pattern = url
      .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
      .replace(/:\w+/g, '[^/]+')
      .replace(/\*/g, '.*');
    routes.push({ path: new RegExp(`^${pattern}${slash}$`), methods: [method].flat() });
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '';
    const methods = routes.filter(route => route.path.test(path)).flatMap(route => route.methods);
    // A route that takes the method has said itself that it has no such thing.
    if (methods.length === 0 || methods.includes(request.method))
      throw new TintypeError('not-found', `There is nothing at ${request.method} ${path}.`);
    const allow = [...new Set(methods)].join(', ');
    reply.header('allow', allow);
    throw new TintypeError(
      'method-not-allowed',
      `${request.method} is not possible here. Accepted: ${allow}.`,
    );
  });
}
