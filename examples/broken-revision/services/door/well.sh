#!/bin/sh
answer=$(cat "$STATE_DIRECTORY/answer")
echo "it answers $answer"
[ "$answer" = yes ]
