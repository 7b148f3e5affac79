import { readFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { z } from "zod";
import { writeAtomically } from "../lib/atomic-file.ts";
import { LabError, reason } from "../lib/errors.ts";
import { paths } from "../lib/paths.ts";
import { Evidence } from "./evidence-schema.ts";

/** Writes a record under a name that tells when and what, `2026-11-21T12-03-44Z-loadtest.json`. @returns its path. */
export async function writeEvidence(evidence: Evidence, folder: string = paths.evidence): Promise<string> {
  const time = evidence.takenAt.replace(/\.\d+/, "").replaceAll(":", "-");
  const file = join(folder, `${time}-${evidence.what}.json`);
  await writeAtomically(file, `${JSON.stringify(Evidence.parse(evidence))}\n`);
  return file;
}

/**
 * Reads a record.
 * @param path As typed, from the folder in which the command was typed.
 * @throws LabError `evidence.unreadable` when there is none, or it is none of ours.
 */
export async function readEvidence(path: string): Promise<{ evidence: Evidence; file: string }> {
  const file = resolve(process.env.INIT_CWD ?? process.cwd(), path);
  const text = await readFile(file, "utf8").catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === "ENOENT" ? "There is no such file" : reason(cause);
    throw unreadable(path, `${why}.`, cause);
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw unreadable(path, `It is not JSON: ${reason(cause)}.`, cause);
  }
  const checked = Evidence.safeParse(json);
  if (!checked.success) throw unreadable(path, `It is no record of this lab: ${firstIssue(checked.error)}.`);
  return { evidence: checked.data, file };
}

/** Path as one would type it in the checkout. */
export const shownPath = (file: string): string => {
  const short = relative(paths.root, file);
  return short.startsWith("..") ? file : short;
};

function firstIssue(error: z.ZodError): string {
  const [issue] = error.issues;
  const more = error.issues.length > 1 ? ` (and ${error.issues.length - 1} more)` : "";
  return `${issue?.path.join(".") || "the whole of it"}: ${issue?.message ?? z.prettifyError(error)}${more}`;
}

const unreadable = (path: string, why: string, cause?: unknown) =>
  new LabError(`The evidence "${path}" cannot be used. ${why}`, {
    code: "evidence.unreadable",
    hint: "Give a .json file that npm run loadtest or npm run lab:compare has written to evidence/.",
    cause,
  });
