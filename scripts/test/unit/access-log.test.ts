import { describe, expect, it } from "vitest";
import { answeringAddress, parseAccessLogLine } from "../../src/runtime/nginx-log.ts";
import { sumMetric } from "../../src/runtime/replica-counters.ts";

const line = {
  time: "2026-11-21T03:00:00+00:00",
  request_id: "check-1-1",
  client: "172.20.0.1",
  method: "GET",
  path: "/products",
  status: 200,
  bytes: 10,
  request_time: 0.002,
  upstream: "172.20.0.3:8000",
  upstream_status: "200",
  upstream_time: "0.001",
  served_by: "evenkeel-app-1:8000",
  instance: "1",
  strategy: "round-robin",
};

describe("nginx's access log", () => {
  it("is read line by line", () => expect(parseAccessLogLine(JSON.stringify(line))).toEqual(line));
  it.each(["", "2026/11/21 [warn] 1#1: something {", "{}", '{"time":1}'])("skips %j", (text) =>
    expect(parseAccessLogLine(text)).toBeNull(),
  );
  it("names the last address that was tried", () => {
    const tried = parseAccessLogLine(
      JSON.stringify({ ...line, upstream: "172.20.0.3:8000, 172.20.0.4:8000" }),
    );
    expect(tried && answeringAddress(tried)).toBe("172.20.0.4");
  });
  it("names the last address also after the request began anew", () => {
    const anew = parseAccessLogLine(
      JSON.stringify({ ...line, upstream: "172.20.0.3:8000 : 172.20.0.4:8000" }),
    );
    expect(anew && answeringAddress(anew)).toBe("172.20.0.4");
  });
  it("names none when no replica was asked", () => {
    const own = parseAccessLogLine(JSON.stringify({ ...line, upstream: "" }));
    expect(own && answeringAddress(own)).toBeNull();
  });
});

describe("a replica's own counter", () => {
  const text = [
    "# TYPE http_request_duration_seconds histogram",
    'http_request_duration_seconds_count{method="GET",route="/products",status="200"} 40',
    'http_request_duration_seconds_count{method="GET",route="/products",status="304"} 2',
    'http_request_duration_seconds_count{method="GET",route="/stock",status="200"} 7',
    'http_request_duration_seconds_count_other{route="/products"} 99',
  ].join("\n");
  it("is summed over the statuses of a route", () =>
    expect(sumMetric(text, "http_request_duration_seconds_count", { route: "/products" })).toBe(42));
  it("is told apart by whole label values, whatever is in them", () => {
    const odd = [
      'n{subroute="/a",route="a\\"} 9"} 1 1700000000000',
      'n{route="/a",x="route=\\"/b\\""} 2',
      "n 4",
    ].join("\n");
    expect(sumMetric(odd, "n", { route: "/a" })).toBe(2);
    expect(sumMetric(odd, "n", { route: "/b" })).toBe(0);
    expect(sumMetric(odd, "n", {})).toBe(7);
  });
  it("is 0 before the first request", () =>
    expect(sumMetric(text, "http_request_duration_seconds_count", { route: "/cart" })).toBe(0));
});
