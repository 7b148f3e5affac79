/** What clients and replicas say to each other. Imports nothing of ours. */
export * from "./audit.ts";
export * from "./cart.ts";
export * from "./catalogue.ts";
export * from "./events.ts";
export * from "./headers.ts";
export * from "./orders.ts";
export * from "./problem.ts";
export * from "./purchase.ts";
export * from "./status.ts";
