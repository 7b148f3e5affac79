import { baseUrl, friendlyUrl, type Settings } from "./settings.ts";

type Doors = Pick<Settings, "bind" | "port" | "ports">;

/**
 * What a learner can open, and what is to be seen there.
 * @param services Those that run; only what they show is listed.
 */
export function urls(settings: Doors, services: string[]): { url: string; shows: string }[] {
  const at = (path: string) => new URL(path, friendlyUrl(settings)).href;
  const beside = pages(settings).filter(({ service }) => services.includes(service));
  return [
    { url: at("/shop"), shows: "the shop; a coloured chip names the replica that served you" },
    { url: at("/products"), shows: "the catalogue as JSON; X-Instance-ID and X-Served-By name the replica" },
    { url: at("/stock"), shows: "the stock, the same on every replica" },
    {
      url: at("/status"),
      shows: "one replica's own state and its dependencies; reload for the next replica",
    },
    { url: at("/events"), shows: "the event stream: purchases on any replica arrive here" },
    { url: at("/health"), shows: "a sign of life; curl -sI it twice and see the replicas alternate" },
    ...beside.map(({ port, shows }) => ({ url: friendlyUrl({ ...settings, port }).href, shows })),
  ];
}

/** Prometheus as programs reach it. */
export const prometheusUrl = (settings: Doors): URL =>
  baseUrl({ ...settings, port: settings.ports.prometheus });

const pages = ({ ports }: Doors) => [
  { service: "grafana", port: ports.grafana, shows: "the lab's dashboards" },
  {
    service: "prometheus",
    port: ports.prometheus,
    shows: "every figure of the lab; /targets shows who is watched, /alerts what is wrong",
  },
];
