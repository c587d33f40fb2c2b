/** As in `tables.ts`: times are milliseconds since the epoch, flags 0 or 1, and JSON is text. */
export interface GroupsTable {
  id: string;
  /** Of the event that it came with. */
  event_key: string;
  owner: string;
  order_key: string | null;
  /** Its place among the groups with its order key: they end in this order. */
  turn: number | null;
  /** 1 while an earlier group with its order key has not ended. */
  blocked: 0 | 1;
  /** How many jobs it has, and how many of them have not ended. */
  jobs: number;
  remaining: number;
  /** How often it has ended: once more after each retry of a job. */
  ends: number;
  /** JSON, an array of `RefusedPart`s. */
  refused: string;
  /** JSON, the intake's own. */
  context: string;
  /** JSON, an array of `NewExport`s. */
  exports: string;
  /** JSON, an array of `GroupTarget`s. */
  targets: string;
  created_at: number;
  ended_at: number | null;
}

/** Copies that the deliveries of a group need before they go out. */
export interface ExportsTable {
  group_id: string;
  /** In the group's list of exports. */
  position: number;
  /** What is copied. */
  object_key: string;
  bucket: string;
  key: string;
  content_type: string;
  done_at: number | null;
}
