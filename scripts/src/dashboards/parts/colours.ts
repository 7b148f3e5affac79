import type { DynamicConfigValue, MatcherConfig } from "@grafana/grafana-foundation-sdk/dashboard";
import { MOST_REPLICAS } from "../../lib/replicas.ts";

/** A rule of Grafana's that changes some series of a panel. */
export interface Override {
  matcher: MatcherConfig;
  properties: DynamicConfigValue[];
}

/**
 * Replicas by number, as on the shop's page (apps/shop/public/tokens.css; a test compares the two): Okabe and Ito's
 * palette. The ninth replica wears the colour of the first again; its number still tells them apart.
 */
export const REPLICA_COLOURS = [
  "#0072b2",
  "#e69f00",
  "#009e73",
  "#cc79a7",
  "#56b4e9",
  "#d55e00",
  "#f0e442",
  "#b7b0a4",
] as const;

/** Gives every series that is called "replica 3", with or without words behind it, the colour of replica 3. */
export function replicaColours(): Override[] {
  return REPLICA_COLOURS.map((colour, index) => {
    const numbers: number[] = [];
    for (let number = index + 1; number <= MOST_REPLICAS; number += REPLICA_COLOURS.length)
      numbers.push(number);
    return seriesColour(`/^replica (${numbers.join("|")})( .*)?$/`, colour);
  });
}

/** A colour for the series whose name matches; `/…/` is a regular expression, else the name itself. */
export function seriesColour(name: string, colour: string): Override {
  const matcher = name.startsWith("/") ? "byRegexp" : "byName";
  return {
    matcher: { id: matcher, options: name },
    properties: [{ id: "color", value: { mode: "fixed", fixedColor: colour } }],
  };
}

/** Meanings that are the same on every dashboard, in Grafana's own names, which suit its light and dark theme. */
export const MEANING = { good: "green", doubtful: "orange", bad: "red", quiet: "text" } as const;
