/** Every way the books refuse; each becomes one HTTP status in the error handler. */
export type BooksErrorCode = "books.busy" | "books.unavailable";

/** The database cannot be used now. The message is a full sentence and is shown to clients. */
export class BooksError extends Error {
  override readonly name = "BooksError";
  readonly code: BooksErrorCode;

  constructor(code: BooksErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
