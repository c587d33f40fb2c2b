/** Addresses in answers: relative, or absolute where it is known how the outside reaches this server. */
export class Links {
  readonly #base: string;

  constructor(publicUrl?: string) {
    this.#base = publicUrl === undefined ? '' : publicUrl.replace(/\/+$/, '');
  }

  job(id: string): string {
    return `${this.#base}/jobs/${id}`;
  }

  upload(id: string): string {
    return `${this.#base}/uploads/${id}`;
  }

  output(jobId: string, name: string): string {
    return `${this.job(jobId)}/outputs/${encodeURIComponent(name)}`;
  }
}
