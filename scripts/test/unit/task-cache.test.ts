import { join } from "node:path";
import { execa } from "execa";
import { beforeAll, describe, expect, it } from "vitest";
import { paths } from "../../src/lib/paths.ts";

interface Task {
  taskId: string;
  inputs: Record<string, string>;
}
let tasks: Task[];

beforeAll(async () => {
  const turbo = join(paths.root, "node_modules", ".bin", "turbo");
  const { stdout } = await execa(turbo, ["run", "test:unit", "types", "--dry=json"], { cwd: paths.root });
  tasks = (JSON.parse(stdout) as { tasks: Task[] }).tasks;
}, 30_000);

describe("a cached result does not outlive what it depends on:", () => {
  it.each([
    ["@evenkeel/shop#test:unit", "../contracts/src/events.ts", "../../package.json"],
    ["@evenkeel/shop#types", "../contracts/src/events.ts", "../../package.json"],
    ["@evenkeel/scripts#types", "../apps/contracts/src/events.ts", "../package.json"],
    [
      "@evenkeel/scripts#test:unit",
      "../apps/contracts/src/events.ts",
      "../package.json",
      "../docker-compose.yml",
      "../.env.example",
      "../nginx/nginx.conf",
      "images/nginx/Dockerfile",
      "bootstrap.mjs",
    ],
  ])("%s", (id, ...files) => {
    const inputs = Object.keys(tasks.find(({ taskId }) => taskId === id)?.inputs ?? {});
    expect(inputs).toEqual(expect.arrayContaining(files));
  });
});
