import { TintypeError } from '../errors/tintype-error.ts';
import type { GroupReport } from '../jobs/group-report.ts';

/** What an intake wants back with the report of its group. `kind` names the answer that is made of it. */
export interface GroupContext {
  readonly kind: string;
}

/** Throws `internal` for a group that asked for another answer. */
export function contextOf<C extends GroupContext>(report: GroupReport, kind: C['kind']): C {
  const context = report.context as C;
  if (context.kind === kind) return context;
  throw new TintypeError(
    'internal',
    `Group ${report.id} is answered as ‘${context.kind}’, not as ‘${kind}’.`,
  );
}
