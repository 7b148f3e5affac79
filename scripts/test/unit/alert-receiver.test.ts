import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { receiver } from "../../../monitoring/receiver/server.mts";

const open: ReturnType<typeof receiver>[] = [];
afterEach(() => {
  for (const server of open.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function started() {
  const said: string[] = [];
  const server = receiver((line) => said.push(line));
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/`;
  const post = async (body: string) => (await fetch(url, { method: "POST", body })).status;
  return { said, url, port, post };
}

const message = (...alerts: unknown[]) => JSON.stringify({ version: "4", status: "firing", alerts });
const down = (status: string, id = "2") => ({
  status,
  labels: { alertname: "ReplicaDown", severity: "critical", instance_id: id },
  annotations: {
    summary: `Replica ${id} is gone.`,
    description: "It was killed.",
    runbook: "npm run lab:up",
  },
  startsAt: "2026-01-01T00:00:00Z",
});

describe("the receiver of alerts", () => {
  it("says each alert as one sentence, and when it is over", async () => {
    const { said, post } = await started();
    expect(await post(message(down("firing"), down("firing", "3")))).toBe(204);
    expect(await post(message(down("resolved")))).toBe(204);
    expect(said).toEqual([
      "FIRING ReplicaDown (critical): Replica 2 is gone. npm run lab:up",
      "FIRING ReplicaDown (critical): Replica 3 is gone. npm run lab:up",
      "RESOLVED ReplicaDown (critical): Replica 2 is gone.",
    ]);
  });

  it("shows the latest alerts, newest first, as JSON", async () => {
    const { url, post } = await started();
    await post(message(down("firing")));
    await post(message(down("resolved")));
    const { alerts } = (await (await fetch(url)).json()) as { alerts: { state: string }[] };
    expect(alerts.map(({ state }) => state)).toEqual(["resolved", "firing"]);
    expect(alerts[0]).toMatchObject({ summary: "Replica 2 is gone.", description: "It was killed." });
  });

  it("keeps a hundred of them", async () => {
    const { url, post } = await started();
    for (let round = 0; round < 3; round++)
      await post(message(...Array(70).fill(down("firing", `${round}`))));
    const { alerts } = (await (await fetch(url)).json()) as { alerts: { summary: string }[] };
    expect(alerts).toHaveLength(100);
    expect(alerts[0]?.summary).toBe("Replica 2 is gone.");
  });

  it("lets no alert write a second line into the log, and shows a browser no markup", async () => {
    const { said, url, post } = await started();
    const summary = "<script>alert(1)</script>\nFIRING Nothing\u2028more\u0007";
    await post(message({ labels: { alertname: "X" }, annotations: { summary } }));
    expect(said).toEqual(["FIRING X: <script>alert(1)</script> FIRING Nothing more"]);
    const asBrowser = await fetch(url, { headers: { accept: "text/html" } });
    expect(asBrowser.headers.get("content-type")).toBe("application/json");
  });

  it.each(["", "no json", "null", "[]", "1", '{"alerts":7}', '{"alerts":null}'])(
    "refuses %j and goes on",
    async (body) => {
      const { said, post } = await started();
      expect(await post(body)).toBe(400);
      expect(await post(message(down("firing")))).toBe(204);
      expect(said).toHaveLength(1);
    },
  );

  it("takes an alert of which nothing is as it should be", async () => {
    const { said, post } = await started();
    expect(await post(message(null, 7, { labels: [], annotations: 1 }, { labels: { alertname: {} } }))).toBe(
      204,
    );
    expect(said).toEqual(Array(4).fill("FIRING unnamed alert: It says no more."));
  });

  it("refuses a message that is too long, and bounds what it keeps of one that is not", async () => {
    const { url, post } = await started();
    expect(await post("x".repeat(300 * 1024))).toBe(413);
    await post(message({ labels: { alertname: "x".repeat(100_000) } }));
    const { alerts } = (await (await fetch(url)).json()) as { alerts: { name: string }[] };
    expect(alerts[0]?.name).toHaveLength(500);
  });

  it("survives what is no request, and a sender that breaks off", async () => {
    const { port, post } = await started();
    for (const raw of [
      "GET // HTTP/1.1\r\nHost: a\r\n\r\n",
      "nonsense\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{",
    ]) {
      const socket = connect(port, "127.0.0.1");
      await new Promise<void>((resolve) => {
        socket.write(raw, () => socket.end());
        socket
          .on("close", () => resolve())
          .on("error", () => undefined)
          .resume();
      });
    }
    expect(await post(message(down("firing")))).toBe(204);
  });

  it("answers a probe, and says what it does not know", async () => {
    const { url } = await started();
    expect((await fetch(`${url}health`)).status).toBe(204);
    expect((await fetch(`${url}else`)).status).toBe(404);
    expect((await fetch(url, { method: "DELETE" })).status).toBe(405);
  });
});
