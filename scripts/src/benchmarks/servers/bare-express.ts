// The yardstick for `GET /products`: Express 5 with one route and nothing else, sending the same body the way its
// documentation shows. (The shop keeps its answer ready-made; that it may is part of what is compared.)
// Usage: PORT=… BODY_FILE=products.json node bare-express.ts
import { readFileSync } from "node:fs";
import express from "express";

const body = JSON.parse(readFileSync(process.env.BODY_FILE ?? "", "utf8"));
const app = express();
app.get("/products", (_request, response) => {
  response.json(body);
});
app.listen(Number(process.env.PORT), "127.0.0.1");
