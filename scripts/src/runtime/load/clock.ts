/**
 * `performance.now()` counts from another zero in each thread; the monotonic clock behind it has one for all. Between
 * the two readings time passes (over a millisecond when a thread calls them for the first time), which makes the
 * difference too small; so the largest of several is the right one, to about a microsecond.
 */
const zero = Math.max(
  ...Array.from({ length: 20 }, () => {
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * 1000 + nanoseconds / 1e6 - performance.now();
  }),
);

/** Milliseconds of the machine's monotonic clock, the same in every thread. */
export const now = (): number => zero + performance.now();
