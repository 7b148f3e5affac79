import { basename, dirname, join } from "node:path";
import { judgeCompare } from "../lab/compare-verdict.ts";
import type { Evidence } from "../lab/evidence-schema.ts";
import { writeAtomically } from "../lib/atomic-file.ts";
import { loadtestVerdict } from "./loadtest-page.ts";
import { evidencePage } from "./page.ts";

/** Writes the page beside a record, made of the record alone. @returns its path. */
export async function writeReport(evidence: Evidence, file: string): Promise<string> {
  const report = join(dirname(file), `${basename(file, ".json")}.html`);
  await writeAtomically(report, await evidencePage(evidence, basename(file)));
  return report;
}

/** The verdict about a record, from its samples. */
export const evidencePasses = (evidence: Evidence): boolean =>
  evidence.what === "loadtest" ? loadtestVerdict(evidence).pass : judgeCompare(evidence.points).pass;
