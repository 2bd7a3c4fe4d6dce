#!/bin/sh
# A service is any program. This one begins in the folder with its files.
while :; do
  cat message.txt
  sleep "$EVERY_SECONDS"
done
