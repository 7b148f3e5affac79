import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Step } from "../../src/lib/progress.ts";

// An engine that says what the test wants; the real one is asked in the same words.
let folder: string;
let engine: Server;
let answer: (response: ServerResponse) => void;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "evenkeel-pull-"));
  const socket = join(folder, "engine.sock");
  engine = createServer((_, response) => answer(response));
  await new Promise<void>((resolve) => engine.listen(socket, resolve));
  process.env.DOCKER_HOST = `unix://${socket}`;
});
afterAll(async () => {
  engine.closeAllConnections();
  engine.close();
  await rm(folder, { recursive: true });
});

async function pull(reachMs = 5000): Promise<string[]> {
  const { Puller } = await import("../../src/runtime/images/pull.ts");
  const said: string[] = [];
  const step: Step = { say() {}, title() {}, async steps() {}, progress: (text) => said.push(text) };
  await new Puller(reachMs).pull("nginx:1", step);
  return said;
}
const send = (response: ServerResponse, ...events: object[]) => {
  for (const event of events) response.write(`${JSON.stringify(event)}\n`);
};

it("gives up on a registry that does not answer", async () => {
  answer = () => {};
  const start = performance.now();
  await expect(pull(300)).rejects.toMatchObject({
    code: "image.registry",
    message: expect.stringContaining("for the image registry to answer"),
  });
  expect(performance.now() - start).toBeLessThan(3000);
});

it("is patient once the registry has answered", async () => {
  answer = (response) => {
    send(response, { status: "Pulling from library/nginx", id: "1" });
    setTimeout(() => {
      send(response, { status: "Downloading", id: "a", progressDetail: { current: 512, total: 1024 } });
      response.end();
    }, 600);
  };
  expect(await pull(300)).toEqual(["512 B of 1.0 KiB"]);
});

it.each([
  [
    "before the first event",
    (response: ServerResponse) => {
      response.statusCode = 500;
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ message: "dial tcp: lookup registry: no such host" }));
    },
  ],
  [
    "in the middle",
    (response: ServerResponse) => {
      send(
        response,
        { status: "Pulling" },
        { error: "toomanyrequests: dial tcp: lookup registry: no such host" },
      );
      response.end();
    },
  ],
])("tells the engine's own reason when a pull fails %s", async (_, how) => {
  answer = how;
  await expect(pull()).rejects.toMatchObject({
    code: "image.registry",
    message: expect.stringContaining("no such host"),
  });
});
