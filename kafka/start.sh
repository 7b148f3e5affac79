#!/usr/bin/env bash
# Prepares the data folder on the first start, then becomes Kafka.
set -euo pipefail
here=$(dirname "$0")
bin=/opt/kafka/bin

# Options of the tools' scripts. Logs go to standard output only, the root file system is read-only.
export LOG_DIR=/tmp
# Else Kafka's script would log garbage collection there, too, into a small tmpfs.
export EXTRA_ARGS="-name kafkaServer"
export KAFKA_LOG4J_OPTS="-Dlog4j2.configurationFile=file:$here/log4j2.properties"

# A data folder belongs to one cluster; the id may be any, but it must stay the same.
if [[ ! -e /var/lib/kafka/data/meta.properties ]]; then
  KAFKA_HEAP_OPTS=-Xmx64m "$bin/kafka-storage.sh" format --cluster-id ZXZlbmtlZWwtbGFiMDAwMQ --config "$here/server.properties"
fi
exec "$bin/kafka-server-start.sh" "$here/server.properties" \
  --override "advertised.listeners=CLIENTS://${KAFKA_ADVERTISED:-kafka:9092}"
