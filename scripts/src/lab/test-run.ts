import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { execa } from "execa";
import { LabError, reason } from "../lib/errors.ts";
import { interrupted } from "../lib/interrupt.ts";
import { note } from "../lib/output.ts";
import { paths } from "../lib/paths.ts";
import { ensureChromium } from "../runtime/chromium.ts";
import { recordedChoices } from "../runtime/images/choices.ts";
import { allProfiles } from "../runtime/images/compose-profiles.ts";
import { scratchKafka } from "../runtime/scratch-kafka.ts";
import { scratchRedis } from "../runtime/scratch-redis.ts";

export const PHASES = ["static", "unit", "contract", "e2e"] as const;
export type Phase = (typeof PHASES)[number];

export interface TestTotals {
  passed: number;
  failed: number;
  skipped: number;
}

export interface TestOptions {
  only?: Phase;
  filter?: string;
}

/** Runs the phases from the cheapest to the dearest; a failed phase does not hide what the others say. */
export async function runTests({ only, filter }: TestOptions): Promise<TestTotals> {
  const totals: TestTotals = { passed: 0, failed: 0, skipped: 0 };
  for (const phase of PHASES.filter((one) => only === undefined || one === only)) {
    interrupted.throwIfAborted();
    note(`\n── ${phase} ${"─".repeat(60)}`);
    const start = performance.now();
    for (const part of await survive(phase, () => RUN[phase](filter))) {
      totals.passed += part.passed;
      totals.failed += part.failed;
      totals.skipped += part.skipped;
    }
    note(`   ${phase}: ${Math.round((performance.now() - start) / 1000)} s`);
  }
  return totals;
}

/** What could not even begin counts as one failure, with its reason. */
async function survive(phase: Phase, run: () => Promise<TestTotals[]>): Promise<TestTotals[]> {
  try {
    return await run();
  } catch (error) {
    interrupted.throwIfAborted();
    note(`✖ The ${phase} tests could not be run to their end: ${reason(error)}`);
    return [{ passed: 0, failed: 1, skipped: 0 }];
  }
}

/** The lab that the end-to-end tests describe, whatever `.env` says. */
const E2E_ENV = {
  COMPOSE_PROJECT_NAME: "evenkeel",
  LAB_BIND: "127.0.0.1",
  LAB_PORT: "8000",
  LAB_PROMETHEUS_PORT: "9090",
  LAB_GRAFANA_PORT: "3000",
  LAB_REPLICAS: "2",
  LAB_ORDERS: "2",
  LAB_STRATEGY: "round-robin",
  LAB_CART: "redis",
  LAB_LOG: "pretty",
  LAB_APP_CPUS: "1",
  LAB_APP_MEMORY: "192m",
  LAB_NGINX_CPUS: "1",
};

/** All profiles: the tests need a Kafka, whatever `.env` leaves out. */
const EVERYTHING = { COMPOSE_PROFILES: "*" };

const RUN: Record<Phase, (filter?: string) => Promise<TestTotals[]>> = {
  static: async () => [await staticChecks()],
  unit: async (filter) => [
    await vitest("apps/contracts", "unit", {}, filter),
    await vitest("apps/kit", "unit", {}, filter),
    await vitest("apps/shop", "unit", {}, filter),
    await vitest("apps/orders", "unit", {}, filter),
    await vitest("scripts", "unit", {}, filter),
  ],
  contract: async (filter) => {
    // Brings up an engine and the images where there are none; the lab itself is not needed yet.
    await lab(["images", "--get"], EVERYTHING);
    await using redis = await scratchRedis();
    await using kafka = await scratchKafka();
    const env = { REDIS_URL: redis.url, KAFKA_BROKERS: kafka.address };
    return [
      await vitest("apps/shop", "contract", env, filter),
      await vitest("apps/orders", "contract", env, filter),
    ];
  },
  e2e: async (filter) => {
    await ensureChromium();
    await lab(["images", "--get"], EVERYTHING);
    // By name, because some tests call Docker Compose themselves, which would look for what cannot be had.
    const { without } = recordedChoices();
    const profiles = allProfiles().filter((profile) => !without.includes(profile));
    const env = { ...E2E_ENV, COMPOSE_PROFILES: profiles.join(",") };
    try {
      return [await vitest("scripts", "e2e", env, filter)];
    } finally {
      // Also after Ctrl-C, and it must not hide what the tests said.
      await cleanUp();
    }
  },
};

/** Format, lint and types count as one test each, so that a failure shows in the totals. */
async function staticChecks(): Promise<TestTotals> {
  const totals: TestTotals = { passed: 0, failed: 0, skipped: 0 };
  for (const task of ["format", "lint", "types"]) {
    const { exitCode } = await run(
      bin("turbo"),
      ["run", task, "--output-logs=errors-only", "--ui=stream"],
      paths.root,
    );
    if (exitCode === 0) totals.passed++;
    else totals.failed++;
  }
  return totals;
}

/** Numbers in vitest's JSON report that we use. */
interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numFailedTestSuites: number;
  success: boolean;
}

async function vitest(
  workspace: string,
  project: string,
  env: Record<string, string>,
  filter?: string,
): Promise<TestTotals> {
  const folder = await mkdtemp(join(tmpdir(), "evenkeel-test-"));
  const file = join(folder, "report.json");
  const args = [
    "run",
    "--project",
    project,
    "--reporter=verbose",
    "--reporter=json",
    `--outputFile.json=${file}`,
  ];
  try {
    const { exitCode } = await run(
      bin("vitest"),
      [...args, ...(filter ? [filter, "--passWithNoTests"] : [])],
      join(paths.root, workspace),
      env,
    );
    const report = await readReport(file);
    const failed = report?.numFailedTests ?? 0;
    return {
      passed: report?.numPassedTests ?? 0,
      // A file that cannot even be loaded has no failed test in it, yet something failed.
      failed: exitCode === 0 ? failed : Math.max(1, failed),
      skipped: report?.numPendingTests ?? 0,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Null when vitest ended before it could write one; its exit code then tells. */
async function readReport(file: string): Promise<VitestReport | null> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as VitestReport;
  } catch {
    return null;
  }
}

async function lab(args: string[], env: Record<string, string>): Promise<void> {
  const { exitCode } = await run(process.execPath, ["scripts/src/cli.ts", ...args], paths.root, env);
  if (exitCode !== 0)
    throw new LabError(
      `"lab ${args.join(" ")}" failed, so the tests that need it cannot run; its words are above.`,
      {
        code: "test.lab",
      },
    );
}

async function cleanUp(): Promise<void> {
  const { exitCode } = await execa(process.execPath, ["scripts/src/cli.ts", "down", "--volumes"], {
    cwd: paths.root,
    stdio: ["ignore", "ignore", "inherit"],
    reject: false,
  });
  if (exitCode !== 0) note("The lab could not be taken down after the tests; npm run lab:down says why.");
}

const bin = (name: string) => join(paths.root, "node_modules", ".bin", name);

/** What the tests print goes to standard error, so that the totals are the only result. */
function run(file: string, args: string[], cwd: string, env: Record<string, string> = {}) {
  return execa(file, args, {
    cwd,
    // The Node that runs this also runs the tests, whichever one the machine has.
    env: { PATH: `${join(paths.root, "node_modules", ".bin")}${delimiter}${process.env.PATH}`, ...env },
    stdin: "ignore",
    stdout: process.stderr,
    stderr: "inherit",
    reject: false,
    cancelSignal: interrupted,
    forceKillAfterDelay: 20_000,
  });
}
