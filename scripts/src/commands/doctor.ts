import { result } from "../lib/output.ts";
import { defineVerb } from "../lib/verb.ts";
import { diagnose } from "../runtime/doctor.ts";
import { findingLine } from "../runtime/finding.ts";

export default defineVerb({
  meta: {
    name: "doctor",
    description:
      "Look for what would keep the lab from running; each finding says the fix (exit code 1: an error was found)",
    example: ["npm run lab:doctor", "npm run lab:doctor -- --json"],
  },
  async run() {
    const findings = await diagnose();
    const errors = findings.filter(({ severity }) => severity === "error").length;
    result({ healthy: errors === 0, findings }, () => findings.map(findingLine).join("\n"));
    return errors > 0 ? 1 : 0;
  },
});
