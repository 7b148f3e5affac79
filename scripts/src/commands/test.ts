import { PHASES, runTests } from "../lab/test-run.ts";
import { LabError } from "../lib/errors.ts";
import { result } from "../lib/output.ts";
import { defineVerb } from "../lib/verb.ts";

export default defineVerb({
  meta: {
    name: "test",
    description:
      "Run all tests on the real stack: static checks, unit, contract, end-to-end. Takes the lab down and its data with it",
    example: ["npm test", "npm test -- --only e2e --filter failover"],
  },
  args: {
    only: { type: "string", description: `One phase: ${PHASES.join(", ")}` },
    filter: { type: "string", description: "Only test files whose path contains this" },
  },
  async run({ args }) {
    const only = PHASES.find((phase) => phase === args.only);
    if (args.only && !only)
      throw new LabError(`There is no phase "${args.only}". Known are: ${PHASES.join(", ")}.`, {
        code: "usage",
      });
    const totals = await runTests({
      ...(only ? { only } : {}),
      ...(args.filter ? { filter: args.filter } : {}),
    });
    // The last line, in a form that any CI can read.
    result(totals, ({ passed, failed, skipped }) =>
      skipped > 0
        ? `${passed} passed, ${failed} failed, ${skipped} skipped`
        : `${passed} passed, ${failed} failed`,
    );
    return totals.failed > 0 || totals.passed === 0 ? 1 : 0;
  },
});
