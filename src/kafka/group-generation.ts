import type { Consumer } from './kafka-clients.ts';

/**
 * A member of a group between two times at which the partitions are shared out. What is committed in its name counts only
 * as long as that lasts: the brokers refuse it afterwards.
 */
export interface GroupGeneration {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string | null;
  readonly coordinatorId: number | null;
}

export function generationOf(member: Consumer): GroupGeneration {
  const { groupId, generationId, memberId, coordinatorId } = member;
  return { groupId, generationId, memberId, coordinatorId };
}
