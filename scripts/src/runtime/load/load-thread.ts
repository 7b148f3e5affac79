// A thread of the open-loop generator.
import { parentPort, workerData } from "node:worker_threads";
import type { RecorderData } from "./recorder.ts";
import { type Job, Sender, type ThreadUse } from "./sender.ts";

/** What the thread is told. */
export type Order = { startAt: number } | { stopAt: number };
/** What the thread says. */
export type Word = "ready" | { recorded: RecorderData; use: ThreadUse[] };

const say = (word: Word) => parentPort?.postMessage(word);
const sender = await Sender.prepare(workerData as Job, (use) => {
  // A class instance loses only its methods on the way.
  say({ recorded: sender.recorder, use });
});
parentPort?.on("message", (order: Order) => {
  if ("startAt" in order) sender.start(order.startAt);
  else sender.stop(order.stopAt);
});
say("ready");
