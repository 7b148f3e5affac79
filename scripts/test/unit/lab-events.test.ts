import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { deployed } from "../../src/lab/deployed.ts";
import { exposition, parseExposition, withEvent } from "../../src/lib/lab-event.ts";
import { recordComparing, recordLabEvent, recordReplicasWanted } from "../../src/runtime/lab-events.ts";

const AT = 1_763_725_657_125;
let folder: string;
let file: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "evenkeel-events-")), "textfile");
  file = join(folder, "lab.prom");
});
afterEach(() => rm(join(folder, ".."), { recursive: true }));

const lines = async () =>
  (await readFile(file, "utf8")).split("\n").filter((line) => line && !line.startsWith("#"));

describe("marks of the command line", () => {
  it("are written as Prometheus reads them", async () => {
    await recordLabEvent("scale", "2 → 4", { at: AT, replicas: 4, file });
    expect(await lines()).toEqual([
      "lab_replicas_wanted 4",
      'lab_event_time_seconds{event="1",kind="scale",detail="2 → 4"} 1763725657.125',
    ]);
    expect(await readFile(file, "utf8")).toMatch(/# TYPE lab_event_time_seconds gauge\n/);
  });

  it("say that a comparison runs until it ends, or until another command finds it ended without a word", async () => {
    await recordReplicasWanted(2, file);
    await recordComparing(true, file);
    expect(await lines()).toEqual(["lab_replicas_wanted 2", "lab_comparing 1"]);
    await recordComparing(false, file);
    expect(await lines()).toEqual(["lab_replicas_wanted 2"]);
    await recordComparing(true, file);
    await recordReplicasWanted(3, file);
    expect(await lines()).toEqual(["lab_replicas_wanted 3"]);
  });

  it("are never two of the same series, and keep how many replicas are wanted", async () => {
    await recordReplicasWanted(3, file);
    for (const at of [AT, AT + 1000]) await recordLabEvent("strategy", "a → b", { at, file });
    const written = await lines();
    expect(written).toContain("lab_replicas_wanted 3");
    expect(new Set(written.map((line) => line.split(" ").slice(0, -1).join(" "))).size).toBe(3);
  });

  it("can be read by node-exporter, whatever the umask", async () => {
    const umask = process.umask(0o077);
    try {
      await recordLabEvent("reset", "x", { at: AT, file });
    } finally {
      process.umask(umask);
    }
    expect((await stat(file)).mode & 0o777).toBe(0o644);
    expect((await stat(folder)).mode & 0o777).toBe(0o755);
    expect(await readdir(folder)).toEqual(["lab.prom"]);
  });

  it("survive quotes, backslashes and line breaks", () => {
    const metrics = withEvent({ replicasWanted: 2, events: [] }, "fault", 'a "b"\\\nc\\n', 1000);
    expect(exposition(metrics)).toContain('detail="a \\"b\\"\\\\\\nc\\\\n"} 1000\n');
    expect(parseExposition(exposition(metrics))).toEqual(metrics);
  });

  it("are forgotten after a day, and when there are more than fifty", () => {
    let metrics = withEvent({ replicasWanted: undefined, events: [] }, "scale", "old", 0);
    for (let i = 0; i < 60; i++) metrics = withEvent(metrics, "scale", String(i), 24 * 3600 + i);
    expect(metrics.events).toHaveLength(50);
    expect(metrics.events[0]).toMatchObject({ detail: "10", event: 12 });
    expect(withEvent({ replicasWanted: 1, events: [] }, "scale", "x", 5).replicasWanted).toBe(1);
  });

  it("go on after a file that somebody broke", async () => {
    await recordReplicasWanted(2, file);
    await writeFile(file, 'lab_event_time_seconds{kind="scale\n\0garbage\nlab_replicas_wanted 5\n');
    await recordLabEvent("deploy", "app", { at: AT, file });
    expect(await lines()).toEqual([
      "lab_replicas_wanted 5",
      'lab_event_time_seconds{event="1",kind="deploy",detail="app"} 1763725657.125',
    ]);
  });

  it("never fail the verb: one line says that a mark could not be made", async () => {
    const said = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    try {
      // A folder where the file should be: unwritable for everybody, root included.
      await recordLabEvent("scale", "x", { at: AT, file: join(folder, "..") });
      expect(said.mock.calls.flat().join("")).toMatch(/^The dashboards will not show .*\.\n$/);
    } finally {
      said.mockRestore();
    }
  });

  it("keep a folder usable that another program made too narrow", async () => {
    await recordReplicasWanted(2, file);
    await chmod(folder, 0o700);
    await recordReplicasWanted(3, file);
    expect((await stat(folder)).mode & 0o777).toBe(0o755);
  });
});

describe("the mark of an up", () => {
  const run = (...ids: string[]) => ids.map((id) => ({ id, service: id.replace(/\d/g, "") }));
  it.each([
    ["nothing ran", run(), run("app1", "app2"), "the whole lab"],
    ["nothing changed", run("app1", "nginx1"), run("app1", "nginx1"), undefined],
    ["recreated", run("app1", "app2", "nginx1"), run("app3", "app4", "nginx1"), "started app ×2"],
    ["recreated beside others", run("app1", "app2"), run("app3", "app4", "redis1"), "started app ×2, redis"],
    ["fewer", run("app1", "app2", "app3"), run("app1"), "removed app ×2"],
    ["one more, one less", run("app1", "kafka1"), run("app1", "app2"), "started app; removed kafka"],
  ])("%s", (_, before, after, words) => {
    expect(deployed(before, after)).toBe(words);
  });
});
