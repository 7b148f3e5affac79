import { engineInfo } from "../docker.ts";
import { olderThan } from "../engine/decide.ts";
import { defineExamination, type Finding, ok, warning } from "../finding.ts";

const NPM_MINIMUM = "9";

export default defineExamination({
  title: "Versions",
  async run({ env, facts, next, engineAnswers }) {
    const npm = /\bnpm\/([\d.]+)/.exec(env.npm_config_user_agent ?? "")?.[1];
    const found = [judgeNode(process.versions.node, npm)];
    if (next.case === "ready" && engineAnswers) {
      const { version } = await engineInfo();
      found.push(ok(`Docker engine ${version}, Compose ${facts.compose}, buildx ${facts.buildx}.`));
    }
    return found;
  },
});

export function judgeNode(node: string, npm: string | undefined): Omit<Finding, "id"> {
  if (olderThan(node, "24"))
    return warning(
      `This is Node ${node}; the lab runs on 24.`,
      "Start it with npm run, which brings its own Node.",
    );
  if (npm && olderThan(npm, NPM_MINIMUM))
    return warning(`npm ${npm} is older than ${NPM_MINIMUM}.`, "Update it with: npm install --global npm");
  return ok(`Node ${node}${npm ? `, npm ${npm}` : ""}.`);
}
