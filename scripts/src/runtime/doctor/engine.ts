import type { EngineCase } from "../engine/decide.ts";
import { defineExamination, error, type Finding, warning } from "../finding.ts";

export default defineExamination({
  title: "The Docker engine",
  run: ({ next }) => judgeEngine(next),
});

/** What `up` would do about the engine; a ready one is told with its version by versions.ts. */
export function judgeEngine(next: EngineCase): Omit<Finding, "id">[] {
  switch (next.case) {
    case "ready":
      return [];
    case "error":
      return [error(next.message, next.hint)];
    case "start":
      return [warning("The Docker engine is installed but does not run.", "npm run lab:up starts it.")];
    case "install":
      return [
        warning(
          "There is no Docker engine on this machine.",
          "npm run lab:up installs it (LAB_INSTALL=no forbids that).",
        ),
      ];
    case "plugins":
      return [
        warning(
          `The docker command lacks a current ${next.missing.join(" and ")}.`,
          "npm run lab:up installs it (LAB_INSTALL=no forbids that).",
        ),
      ];
  }
}
