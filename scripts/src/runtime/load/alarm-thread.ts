// The thread that sleeps for an Alarm.
import { parentPort, workerData } from "node:worker_threads";
import { ASKED, AT, alarmMemory, PROCESSOR, RANG, STOPPED } from "./alarm.ts";
import { now } from "./clock.ts";
import { threadSeconds } from "./processor.ts";

const { counters, numbers } = alarmMemory(workerData as SharedArrayBuffer);
/** Milliseconds that the kernel oversleeps (its timer slack is 50 µs). */
const OVERSLEEP = 0.06;

parentPort?.postMessage("ready");
const before = threadSeconds();
let seen = 0;
while (Atomics.load(counters, STOPPED) === 0) {
  Atomics.wait(counters, ASKED, seen);
  seen = Atomics.load(counters, ASKED);
  let left = (numbers[AT] ?? 0) - now();
  while (left > 0 && Atomics.load(counters, STOPPED) === 0) {
    Atomics.wait(counters, ASKED, seen, Math.max(left - OVERSLEEP, 0.001));
    seen = Atomics.load(counters, ASKED);
    left = (numbers[AT] ?? 0) - now();
  }
  Atomics.add(counters, RANG, 1);
  Atomics.notify(counters, RANG);
}
numbers[PROCESSOR] = threadSeconds() - before;
