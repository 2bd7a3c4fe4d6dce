#!/bin/sh
# A dump has its name only when it is whole.
set -eu
dump="/backups/$PGDATABASE-$(date -u +%Y%m%dT%H%M%SZ).dump"
pg_dump --format=custom --file="$dump.part"
mv "$dump.part" "$dump"
rm -f /backups/*.part
echo "wrote $dump, $(wc -c <"$dump") bytes"

# Names sort by time.
ls /backups/*.dump | sort -r | tail -n "+$((KEEP + 1))" | while read -r old; do
  rm "$old"
  echo "removed $old"
done
