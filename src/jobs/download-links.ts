/** What the answer at a link says of an object. */
export interface LinkHeaders {
  readonly contentType: string;
  readonly contentDisposition: string;
  readonly cacheControl: string;
}

/** Addresses at which callers fetch objects from the store itself, where a store has such. */
export interface DownloadLinks {
  /** An address that needs no credentials, for a few minutes. Whether the object is there is not looked at. */
  linkTo(key: string, headers: LinkHeaders): Promise<string>;
}
