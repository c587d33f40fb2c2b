import { paginateListQueues, type SQSClient } from '@aws-sdk/client-sqs';

/** How soon the list is read again for a name that is not in it, in milliseconds. */
const soonestMs = 60_000;

/** The queues that there are, by name. Their list is read again after so many questions, and for a name that is new. */
export class QueueDirectory {
  readonly #client: SQSClient;
  readonly #questionsAList: number;
  #list: Promise<ReadonlyMap<string, string>> | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  #questions = 0;

  /** @param client of the account and region whose queues they are */
  constructor(client: SQSClient, questionsAList: number) {
    this.#client = client;
    this.#questionsAList = questionsAList;
  }

  /** The URL of a queue; undefined when there is none. Throws what SQS throws when it is away. */
  async urlOf(name: string): Promise<string | undefined> {
    this.#questions += 1;
    if (this.#questions > this.#questionsAList) this.#list = undefined;
    const url = (await this.#known()).get(name);
    if (url !== undefined) return url;
    if (performance.now() - this.#readAt >= soonestMs) this.#list = undefined;
    // Another question may have begun to read it meanwhile.
    return (await this.#known()).get(name);
  }

  #known(): Promise<ReadonlyMap<string, string>> {
    this.#list ??= this.#read().catch(error => {
      this.#list = undefined;
      throw error;
    });
    return this.#list;
  }

  async #read(): Promise<ReadonlyMap<string, string>> {
    this.#questions = 1;
    this.#readAt = performance.now();
    const urls = new Map<string, string>();
    for await (const { QueueUrls = [] } of paginateListQueues(
      { client: this.#client, pageSize: 1_000 },
      {},
    )) {
      for (const url of QueueUrls) urls.set(url.split('/').at(-1) ?? '', url);
    }
    return urls;
  }
}
