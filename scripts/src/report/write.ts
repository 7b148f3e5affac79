import { basename, dirname, join } from "node:path";
import { judgeCompare, wasMeasured } from "../lab/compare-verdict.ts";
import type { Evidence } from "../lab/evidence-schema.ts";
import { writeAtomically } from "../lib/atomic-file.ts";
import type { ExitCode } from "../lib/errors.ts";
import { loadtestVerdict } from "./loadtest-page.ts";
import { evidencePage } from "./page.ts";

/** Writes the page beside a record, made of the record alone. @returns its path. */
export async function writeReport(evidence: Evidence, file: string): Promise<string> {
  const report = join(dirname(file), `${basename(file, ".json")}.html`);
  await writeAtomically(report, await evidencePage(evidence, basename(file)));
  return report;
}

/** The verdict about a record, from its samples: 0 yes, 1 no, 2 not measured. */
export function evidenceExitCode(evidence: Evidence): ExitCode | 0 {
  const verdict = evidence.what === "loadtest" ? loadtestVerdict(evidence) : judgeCompare(evidence.points);
  if (evidence.what === "compare" && !wasMeasured(verdict)) return 2;
  return verdict.pass ? 0 : 1;
}
