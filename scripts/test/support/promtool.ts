import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { parse, stringify } from "yaml";
import { paths } from "../../src/lib/paths.ts";
import { compose } from "../../src/runtime/compose.ts";

export const monitoring = join(paths.root, "monitoring");

export interface ToolAnswer {
  ok: boolean;
  /** Standard output and error, as they came. */
  said: string;
}

/** Runs a program out of a service's image on a folder, which it sees as /monitoring; it has no network. */
export async function toolOf(
  service: string,
  program: string,
  args: string[],
  folder = monitoring,
): Promise<ToolAnswer> {
  const config = JSON.parse(await compose(["--profile", "*", "config", "--format", "json"]));
  const image: string = config.services[service].image;
  // promtool keeps the series of each test in a folder of its own.
  const fences = ["--network", "none", "--read-only", "--tmpfs", "/tmp:mode=1777", "--cap-drop", "ALL"];
  const { exitCode, all } = await execa(
    "docker",
    [
      ...["run", "--rm", ...fences, "--user", `${process.getuid?.() ?? 0}`],
      ...[
        "-v",
        `${folder}:/monitoring:ro`,
        "--workdir",
        "/monitoring",
        "--entrypoint",
        program,
        image,
        ...args,
      ],
    ],
    { reject: false, all: true },
  );
  // docker's own codes: no such image, no such program. A test must not take them for the tool's answer.
  if (exitCode === undefined || exitCode >= 125) throw new Error(`${program} could not be run: ${all}`);
  return { ok: exitCode === 0, said: all };
}

/** `promtool test rules` with every test file of the folder, each on a core of its own: promtool uses only one. */
export async function testRules(folder = monitoring): Promise<ToolAnswer> {
  const files = (await readdir(join(folder, "tests"))).filter((name) => name.endsWith(".test.yml"));
  if (files.length === 0) throw new Error(`There are no tests of rules in ${folder}.`);
  const answers = await Promise.all(
    files.map((name) => toolOf("prometheus", "promtool", ["test", "rules", `tests/${name}`], folder)),
  );
  return { ok: answers.every(({ ok }) => ok), said: answers.map(({ said }) => said).join("\n") };
}

export interface AlertRule {
  alert: string;
  expr: string;
  for?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}
interface RuleFile {
  groups: { name: string; rules: (AlertRule | { record: string; expr: string })[] }[];
}
interface TestFile {
  tests: { name: string; alert_rule_test?: { alertname: string; exp_alerts?: unknown[] | null }[] }[];
}

const readAll = async <T>(folder: string, part: string): Promise<T[]> => {
  const names = (await readdir(join(folder, part))).filter((name) => name.endsWith(".yml"));
  return Promise.all(names.map(async (name) => parse(await readFile(join(folder, part, name), "utf8")) as T));
};

/** Every alert of the rule files. */
export async function alertRules(folder = monitoring): Promise<AlertRule[]> {
  const files = await readAll<RuleFile>(folder, "rules");
  return files.flatMap(({ groups }) =>
    groups.flatMap(({ rules }) => rules.filter((rule): rule is AlertRule => "alert" in rule)),
  );
}

/** Alerts that the test files expect to fire, and those they expect to be quiet. */
export async function expectations(
  folder = monitoring,
): Promise<{ firing: Set<string>; quiet: Set<string> }> {
  const files = await readAll<TestFile>(folder, "tests");
  const all = files.flatMap(({ tests }) => tests.flatMap(({ alert_rule_test: list = [] }) => list));
  const named = (wanted: boolean) =>
    new Set(all.filter((one) => (one.exp_alerts ?? []).length > 0 === wanted).map((one) => one.alertname));
  return { firing: named(true), quiet: named(false) };
}

/** A copy of the folder with changed alerts; disposing removes it. */
export async function sabotaged(change: (rule: AlertRule) => AlertRule) {
  // Inside the checkout, because not every engine may mount folders from elsewhere.
  await mkdir(paths.lab, { recursive: true });
  const folder = await mkdtemp(join(paths.lab, "monitoring-"));
  for (const part of ["rules", "tests", "prometheus.yml"])
    await cp(join(monitoring, part), join(folder, part), { recursive: true });
  const file = join(folder, "rules", "alerts.yml");
  const { groups }: RuleFile = parse(await readFile(file, "utf8"));
  // Groups keep their names: the tests say in which order they are worked out.
  const changed = groups.map(({ rules, ...group }) => ({
    ...group,
    rules: rules.map((rule) => ("alert" in rule ? change(rule) : rule)),
  }));
  await writeFile(file, stringify({ groups: changed }));
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}
