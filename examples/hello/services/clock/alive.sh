#!/bin/sh
# Healthy while the last beat is younger than ten seconds.
beat=$(stat -c %Y "$STATE_DIRECTORY/beat") || exit 1
age=$(($(date +%s) - beat))
echo "the last beat was $age s ago"
[ "$age" -lt 10 ]
