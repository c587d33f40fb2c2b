#!/bin/bash
# Puts the leaf system into the cluster of kubectl's current context, and makes it reachable on this machine.
#   deploy/leaf/open.sh [stg|prod]      stg where nothing is said; close.sh undoes it
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

environment=${1:-stg}
namespace=leaf-image-management-system
deployments=(image-api image-analyzer consumer)
stateful_sets=(mongodb-producer mongodb-consumer kafka camera recognizer users synchronizer)
ports=(image-api:8080 consumer:8000 image-analyzer:8081 camera:5050 recognizer:5051 users:5052 synchronizer:5053)
forwards=.forwards
if [ -e "$forwards" ]; then
  echo "It is open already: close it first, by deploy/leaf/close.sh." >&2
  exit 1
fi

kubectl apply --filename kubernetes/base/namespace.yaml
./secret.sh
kubectl apply --kustomize "kubernetes/overlays/$environment"
for name in "${stateful_sets[@]}"; do
  kubectl --namespace "$namespace" rollout status "statefulset/$name" --timeout=5m
done
for name in "${deployments[@]}"; do
  kubectl --namespace "$namespace" rollout status "deployment/$name" --timeout=5m
done

for service in "${ports[@]}"; do
  port=${service#*:}
  nohup kubectl --namespace "$namespace" port-forward "service/${service%:*}" "$port:$port" >/dev/null 2>&1 &
  echo "$!" >>"$forwards"
  echo "${service%:*} is at http://127.0.0.1:$port"
done
