import { expect, test } from "vitest";
import { findIdentity, type Network } from "../src/instance-id.ts";

const none = { instanceId: undefined, instancePrefix: undefined, port: 8000 };
const names = (table: Record<string, string>, own: string[]) => (): Network => ({
  resolve: async (name) => {
    const address = table[name];
    if (address === undefined) throw new Error("ENOTFOUND");
    return [address];
  },
  ownAddresses: () => own,
});

test("a configured id wins and asks no network", async () => {
  const broken = () => {
    throw new Error("asked the network");
  };
  const source = { instanceId: "web-a", instancePrefix: undefined, port: 5001 };
  expect(await findIdentity(source, broken)).toEqual({ instanceId: "web-a", backend: "web-a:5001" });
});

test("a replica that runs alone is 0", async () => {
  expect(await findIdentity(none)).toEqual({ instanceId: "0", backend: "localhost:8000" });
});

test("the ordinal is the name that leads to an own address", async () => {
  const network = names({ "k-app-1": "10.0.0.4", "k-app-2": "10.0.0.5", "k-app-17": "10.0.0.6" }, [
    "127.0.0.1",
    "10.0.0.6",
  ]);
  expect(await findIdentity({ ...none, instancePrefix: "k-app-" }, network)).toEqual({
    instanceId: "17",
    backend: "k-app-17:8000",
  });
});

test("a name that is registered late is waited for", async () => {
  let asked = 0;
  const network = () => names(++asked < 3 ? {} : { "k-app-2": "10.0.0.5" }, ["10.0.0.5"])();
  const { instanceId } = await findIdentity({ ...none, instancePrefix: "k-app-" }, network);
  expect(instanceId).toBe("2");
  expect(asked).toBe(3);
});

test("no name at all ends in a sentence that says what to set", async () => {
  const network = names({ "k-app-1": "10.0.0.4" }, ["10.0.0.9"]);
  const found = findIdentity({ ...none, instancePrefix: "k-app-" }, network, 250);
  await expect(found).rejects.toThrow(/k-app-1 to k-app-64.*0\.25 seconds.*INSTANCE_PREFIX/s);
});
