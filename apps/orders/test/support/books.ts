import { join } from "node:path";
import { onTestFinished } from "vitest";
import { SqliteBooks } from "../../src/adapters/sqlite-books.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** Books that are closed after the test, in a file of their own unless one is given. */
export async function openBooks(file = join(temporaryFolder(), "orders.db")) {
  const books = await SqliteBooks.open(file);
  onTestFinished(() => books.close());
  return { books, file };
}
