#!/bin/bash
# Makes the secret `leaf` in the cluster of kubectl's current context, with new passwords, unless it is there already.
set -euo pipefail

namespace=leaf-image-management-system
if kubectl --namespace "$namespace" get secret leaf >/dev/null 2>&1; then
  echo "The secret leaf is there already."
  exit
fi

# In hexadecimal digits, which mean nothing special in a URL.
producer=$(openssl rand -hex 24)
consumer=$(openssl rand -hex 24)
url() { # NAME PASSWORD
  echo "mongodb://leaf:$2@mongodb-$1.$namespace.svc.cluster.local:27017/imagedbplant$1?authSource=admin"
}
# By a file: everybody may see the arguments of a process.
kubectl --namespace "$namespace" create secret generic leaf --from-env-file=<(
  echo "MONGO_PRODUCER_PASSWORD=$producer"
  echo "MONGO_CONSUMER_PASSWORD=$consumer"
  echo "MONGO_PRODUCER_URL=$(url producer "$producer")"
  echo "MONGO_CONSUMER_URL=$(url consumer "$consumer")"
)
