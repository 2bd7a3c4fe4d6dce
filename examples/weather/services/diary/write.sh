#!/bin/sh
# Its folder is read-only; what it keeps is in its own state folder, which no pass ever deletes.
set -eu
get='import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=10).read().decode(), end="")'
echo "$(date -u +%FT%TZ) $(python3 -c "$get" "$STATION")" | tee -a "$STATE_DIRECTORY/diary.txt"
