#!/bin/sh
# Registers a runner for one job, and becomes it. What the job before left behind goes first.
set -eu
cd /home/runner
rm -rf _work _diag .runner .credentials .credentials_rsaparams

# A registration lasts an hour: it is asked for anew in each life, with the token that lasts.
answer=$(printf 'header = "Authorization: Bearer %s"\n' "$(cat /token/token)" | curl --config - --fail --silent \
  --show-error --request POST "https://api.github.com/repos/$REPOSITORY/actions/runners/registration-token")

./config.sh --unattended --ephemeral --replace --url "https://github.com/$REPOSITORY" --labels "$LABELS" \
  --name "$(hostname)" --token "$(printf %s "$answer" | jq --raw-output .token)"
exec ./run.sh
