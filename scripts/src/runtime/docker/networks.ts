import { connect, unlessGone } from "./connection.ts";

/**
 * Takes a running container off a network: whoever looks its name up there does not find it any more. It goes on
 * running, and on its other networks.
 * @returns what puts it back under the same names, maybe at another address; a container that is gone by then stays
 * away.
 * @throws when it is not on that network.
 */
export async function detach(id: string, network: string): Promise<AsyncDisposable> {
  const { NetworkSettings } = await connect().getContainer(id).inspect();
  const names = NetworkSettings.Networks[network]?.Aliases ?? [];
  await connect().getNetwork(network).disconnect({ Container: id });
  return {
    [Symbol.asyncDispose]: () =>
      unlessGone(
        connect()
          .getNetwork(network)
          .connect({ Container: id, EndpointConfig: { Aliases: names } }),
      ),
  };
}
