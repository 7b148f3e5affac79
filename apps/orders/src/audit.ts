import type { BooksAuditLine } from "@evenkeel/contracts";
import { SqliteBooks } from "./adapters/sqlite-books.ts";
import { readConfig } from "./config.ts";
import { fail, writeLines } from "./ndjson.ts";

/** Bookings that are written at once; the books may be larger than the memory. */
const CHUNK = 500;

/**
 * `node src/audit.ts` in a container: all bookings as they are at one moment, one line of JSON each
 * (BooksAuditLine in the contracts).
 */
try {
  const books = await SqliteBooks.open(readConfig().databaseFile);
  try {
    let lines: BooksAuditLine[] = [];
    for await (const booking of books.all()) {
      lines.push({ kind: "booking", ...booking });
      if (lines.length < CHUNK) continue;
      await writeLines(lines);
      lines = [];
    }
    await writeLines(lines);
  } finally {
    await books.close();
  }
} catch (error) {
  fail(error);
}
