#!/bin/bash
# Starts the broker in the image apache/kafka. That image's own start writes into itself, which is read-only here.
set -euo pipefail
settings=/etc/leaf/server.properties
# Any 16 bytes in base64url.
/opt/kafka/bin/kafka-storage.sh format --ignore-formatted --cluster-id TGVhZkltYWdlU3lzdGVtMQ --config "$settings"
exec /opt/kafka/bin/kafka-server-start.sh "$settings"
