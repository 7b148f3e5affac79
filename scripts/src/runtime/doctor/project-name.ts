import { readFileSync } from "node:fs";
import { join } from "node:path";
import { paths } from "../../lib/paths.ts";
import { defineExamination, type Finding, ok, warning } from "../finding.ts";
import { projectName } from "../settings.ts";
import { strategyIds } from "../strategy-files.ts";

/** The name in docker-compose.yml, and so in the strategies that have to name each replica. */
const USUAL = "evenkeel";

export default defineExamination({
  title: "The project's name",
  run() {
    const file = (id: string) => readFileSync(join(paths.nginxStrategies, `${id}.conf`), "utf8");
    return judgeProject(
      projectName(),
      strategyIds().filter((id) => namesReplicas(file(id))),
    );
  },
});

/** True of a strategy with servers that are containers of the usual project. */
export function namesReplicas(strategy: string): boolean {
  return new RegExp(`^\\s*server\\s+${USUAL}-app-\\d`, "m").test(strategy);
}

export function judgeProject(project: string, strategies: string[]): Omit<Finding, "id">[] {
  if (project === USUAL || strategies.length === 0) return [ok(`The Compose project is "${project}".`)];
  return [
    warning(
      `The strategies ${strategies.join(" and ")} name the containers ${USUAL}-app-1 and so on, but with COMPOSE_PROJECT_NAME=${project} they are called ${project}-app-1: with these strategies nginx finds no replica.`,
      `Leave COMPOSE_PROJECT_NAME at ${USUAL}, or put the other name into these files in nginx/strategies.`,
    ),
  ];
}
