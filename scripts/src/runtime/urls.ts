import { friendlyUrl, type Settings } from "./settings.ts";

/** What a learner can open, and what is to be seen there. */
export function urls(settings: Pick<Settings, "bind" | "port">): { url: string; shows: string }[] {
  const at = (path: string) => new URL(path, friendlyUrl(settings)).href;
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
  ];
}
