#!/bin/sh
while :; do
  date >"$STATE_DIRECTORY/beat"
  sleep 1
done
