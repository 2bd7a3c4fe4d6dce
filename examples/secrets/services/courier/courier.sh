#!/bin/sh
# Shows that the secrets arrived, and nothing of them: what a program prints is in its log.
echo "$ACCOUNT signs in with a password of ${#PASSWORD} characters"
echo "the key has $(wc -c <"$CREDENTIALS_DIRECTORY/signing-key") bytes"
exec sleep infinity
