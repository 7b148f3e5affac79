import { defineExamination, error, type Finding, ok } from "../finding.ts";
import { strategyIds, unknownStrategy } from "../strategy-files.ts";

export default defineExamination({
  title: "The strategy that nginx starts with",
  run: ({ settings }) => (settings ? strategyFinding(settings.strategy, strategyIds()) : []),
});

/** nginx would not start with a name that has no file. */
export function strategyFinding(name: string, known: string[]): Omit<Finding, "id">[] {
  if (known.includes(name)) return [ok(`The strategy ${name} exists.`)];
  const { message, hint } = unknownStrategy(name, known);
  return [error(message, `Set LAB_STRATEGY to one that exists. ${hint}`)];
}
