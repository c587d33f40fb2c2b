/** What became of an event: it has its jobs now, it had them before, or it is put aside. */
export type EventResult = 'taken' | 'known' | 'dead-letter';

/** Hears of so many events. */
export type CountEvents = (result: EventResult, events: number) => void;
