/** One way to make calls through a proxy. */
export interface Calls {
  /** For the table. */
  readonly name: string;
  /** Makes a call that echoes. */
  call(text: string): Promise<string>;
  /** Ends both ends. */
  close(): Promise<void>;
}
