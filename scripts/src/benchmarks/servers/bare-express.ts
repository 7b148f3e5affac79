// The yardstick for `GET /products`: Express 5 with one route and nothing else, sending the same body.
// Usage: PORT=0 BODY_FILE=products.json node bare-express.ts; prints the port it listens on.
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import express from "express";

const body = JSON.parse(readFileSync(process.env.BODY_FILE ?? "", "utf8"));
const app = express();
app.get("/products", (_request, response) => {
  response.json(body);
});
const server = app.listen(Number(process.env.PORT), "127.0.0.1", () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
