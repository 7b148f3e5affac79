/** `4,312` */
export const whole = (value: number): string => Math.round(value).toLocaleString("en-US");

/** `0.42 ms`, `31.2 ms`, `140 ms`, `1.08 s`, `12.5 s`: three figures, so that columns are quick to read. */
export function ms(value: number): string {
  if (value >= 999.5) return `${(value / 1000).toFixed(value >= 9995 ? 1 : 2)} s`;
  if (value >= 100) return `${whole(value)} ms`;
  return `${value.toFixed(value >= 10 ? 1 : 2)} ms`;
}

/** A share from 0 to 1 as `33.33 %`. */
export const percent = (share: number, digits = 2): string => `${(100 * share).toFixed(digits)} %`;

/** Instance numbers in the order of their numbers; what is not a number behind them. */
export const byNumber = (a: string, b: string): number => a.localeCompare(b, "en", { numeric: true });

/** Place of a replica in the palette of tokens.css: 1 to 8, again from 1 with the ninth; 0 for no replica. */
export function colourOf(replica: string): number {
  const number = /^\d+$/.test(replica) ? Number(replica) : 0;
  return number > 0 ? ((number - 1) % 8) + 1 : 0;
}

/** `2026-11-21 12:03:44 UTC` */
export const utc = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;

/** `1 request`, `10,000 requests` */
export const count = (value: number, one: string, many = `${one}s`): string =>
  `${whole(value)} ${Math.round(value) === 1 ? one : many}`;
