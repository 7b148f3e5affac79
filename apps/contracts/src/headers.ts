/** Names of the headers that make the balancer's choice visible to a client. */
export const headers = {
  /** Ordinal of the replica that answered, the number in `docker compose ps`. Set by the replica. */
  instanceId: "x-instance-id",
  /** `<container name>:<port>` of the replica; the balancer shows it to clients as `X-Served-By`. */
  backend: "x-backend",
  /** Name and port of the backend that answered (`evenkeel-app-1:8000`), as the balancer tells it. */
  servedBy: "x-served-by",
  /** Strategy the balancer used (`round-robin`). Set by the balancer from the strategy file itself. */
  strategy: "x-strategy",
  /** Kept when the client sends a well-formed one, else created; the same in all logs. */
  requestId: "x-request-id",
  /** The same key never sells twice, on any replica. */
  idempotencyKey: "idempotency-key",
  /** `true` on an answer that repeats an earlier purchase with the same key. */
  idempotencyReplayed: "idempotency-replayed",
  /** Last event the client has seen; a stream continues behind it on whichever replica. */
  lastEventId: "last-event-id",
} as const;
