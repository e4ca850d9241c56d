#!/bin/sh
# Runs kubernetes.mjs with the packages it needs, fetched once into the folder $1. Exit code 77: this
# machine cannot do it.
set -eu

here=$(dirname "$0")
modules=$1
if ! command -v npm >/dev/null; then
  echo "left out: no npm, which fetches the schemas of Kubernetes"
  exit 77
fi
if [ ! -d "$modules/node_modules/kubernetes-models" ]; then
  mkdir -p "$modules"
  echo '{"private": true}' >"$modules/package.json"
  if ! npm install --prefix "$modules" --no-audit --no-fund --ignore-scripts --loglevel=error \
    kubernetes-models@4.5.1 js-yaml@4.1.0; then
    echo "left out: npm cannot fetch the schemas of Kubernetes"
    exit 77
  fi
fi
exec node "$here/kubernetes.mjs" "$here/../../../node/deploy/kubernetes.yaml" "$modules"
