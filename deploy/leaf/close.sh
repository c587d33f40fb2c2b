#!/bin/bash
# Ends what open.sh has started on this machine.
#   deploy/leaf/close.sh [--delete]     --delete: takes the system out of the cluster too, with all its data
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

forwards=.forwards
if [ -e "$forwards" ]; then
  while read -r pid; do
    # Its number may be another's by now.
    if [[ $(ps -p "$pid" -o args= || true) == *port-forward* ]]; then
      kill "$pid"
    fi
  done <"$forwards"
  rm "$forwards"
fi
if [ "${1:-}" = --delete ]; then
  kubectl delete namespace leaf-image-management-system
fi
