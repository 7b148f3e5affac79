import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { inTransaction, openSharedDatabase, prepareAll, probeDatabase } from "../src/sqlite-file.ts";
import { DatabaseBusy, retryWhileBusy } from "../src/sqlite-retry.ts";

const FIRST = "CREATE TABLE notes (text TEXT NOT NULL)";
const SECOND = "INSERT INTO notes VALUES ('of the second version')";

function newFile(): string {
  const folder = mkdtempSync(join(tmpdir(), "evenkeel-kit-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "deep", "notes.db");
}

async function open(file: string, migrations: readonly string[] = [FIRST]) {
  const db = await openSharedDatabase(file, migrations);
  onTestFinished(() => (db.isOpen ? db.close() : undefined));
  return db;
}

const notes = (db: DatabaseSync) =>
  db
    .prepare("SELECT text FROM notes")
    .all()
    .map(({ text }) => text);

test("each migration runs once, whoever opens the file and however often", async () => {
  const file = newFile();
  await Promise.all([open(file), open(file), open(file)]);
  const db = await open(file, [FIRST, SECOND]);
  await open(file, [FIRST, SECOND]);
  expect(notes(db)).toEqual(["of the second version"]);
});

test("a migration that fails leaves the version and the content that were there", async () => {
  const file = newFile();
  await open(file, [FIRST, SECOND]);
  const broken = open(file, [FIRST, SECOND, "ALTER TABLE notes ADD COLUMN author; nonsense"]);
  await expect(broken).rejects.toThrow(/could not be prepared/);
  const db = await open(file, [FIRST, SECOND]);
  expect(db.prepare("SELECT * FROM notes").all()).toEqual([{ text: "of the second version" }]);
  expect(db.prepare("PRAGMA user_version").get()).toEqual({ user_version: 2 });
});

test("what is extra runs after the migrations at each opening, and is all or nothing with them", async () => {
  const file = newFile();
  const failing = openSharedDatabase(file, [FIRST], {
    extra: (db) => {
      db.exec("INSERT INTO notes VALUES ('half')");
      throw new Error("no");
    },
  });
  await expect(failing).rejects.toThrow(/could not be prepared/);
  const extra = (db: DatabaseSync) => db.exec("INSERT INTO notes VALUES ('extra')");
  for (const db of [
    await openSharedDatabase(file, [FIRST], { extra }),
    await openSharedDatabase(file, [FIRST], { extra }),
  ]) {
    onTestFinished(() => db.close());
  }
  expect(notes(await open(file))).toEqual(["extra", "extra"]);
});

test("commits wait for the disk where that is asked for, and only there", async () => {
  const level = (db: DatabaseSync) => db.prepare("PRAGMA synchronous").get()?.synchronous;
  const [NORMAL, FULL] = [1, 2];
  expect(level(await open(newFile()))).toBe(NORMAL);
  const full = await openSharedDatabase(newFile(), [FIRST], { synchronous: "FULL" });
  onTestFinished(() => full.close());
  expect(level(full)).toBe(FULL);
});

test("statements are compiled under their names", async () => {
  const sql = prepareAll(await open(newFile()), {
    add: "INSERT INTO notes VALUES (?)",
    all: "SELECT text FROM notes",
  });
  sql.add.run("a");
  expect(sql.all.all()).toEqual([{ text: "a" }]);
});

test("a file of a newer version is refused with a sentence", async () => {
  const file = newFile();
  await open(file, [FIRST, SECOND]);
  await expect(open(file, [FIRST])).rejects.toMatchObject({
    message: expect.stringMatching(/schema version 1 or older/),
    cause: { message: expect.stringMatching(/version 2, this program knows 1/) },
  });
});

test("a transaction that throws leaves nothing behind and the connection usable", async () => {
  const db = await open(newFile());
  const work = () => {
    db.exec("INSERT INTO notes VALUES ('half')");
    throw new Error("no");
  };
  expect(() => inTransaction(db, work)).toThrow("no");
  inTransaction(db, () => db.exec("INSERT INTO notes VALUES ('whole')"));
  expect(notes(db)).toEqual(["whole"]);
});

test("who finds the database locked tries again until it is free, and gives up at the deadline", async () => {
  const file = newFile();
  const db = await open(file);
  const other = await open(file);
  other.exec("BEGIN IMMEDIATE");
  const write = () => inTransaction(db, () => db.exec("INSERT INTO notes VALUES ('late')"));
  await expect(retryWhileBusy(write, 30)).rejects.toBeInstanceOf(DatabaseBusy);
  const waiting = retryWhileBusy(write);
  setImmediate(() => other.exec("COMMIT"));
  await waiting;
  expect(notes(db)).toEqual(["late"]);
});

test("every other error is passed on as it is, at once", async () => {
  const db = await open(newFile());
  await expect(retryWhileBusy(() => db.exec("no SQL"))).rejects.toThrow(/syntax error/);
});

test("the probe reads the file itself", async () => {
  const file = newFile();
  await open(file);
  const { ino } = await stat(file);
  const probe = () => probeDatabase(file, ino, "SELECT count(*) FROM notes");
  await probe();
  await expect(probeDatabase(file, ino, "SELECT * FROM absent")).rejects.toThrow(/absent/);
  rmSync(file);
  await expect(probe()).rejects.toThrow(/gone/);
  writeFileSync(file, "");
  await expect(probe()).rejects.toThrow(/replaced/);
});
