#!/bin/sh
# Switches the strategy of a running nginx. Nothing is dropped: nginx checks the new configuration first,
# starts new workers with it, and lets the old ones finish what they have begun.
#   docker compose exec nginx sh /etc/evenkeel/strategy.sh least-conn     switch
#   docker compose exec nginx sh /etc/evenkeel/strategy.sh                print the active one
set -eu
home=/etc/evenkeel
link=/run/evenkeel/strategy.conf
before=$(readlink "$link")

if [ $# -eq 0 ]; then
  basename "$before" .conf
  exit 0
fi
if [ ! -f "$home/strategies/$1.conf" ]; then
  echo "There is no strategy \"$1\". Choose one of these:" >&2
  ls "$home/strategies" | sed 's/\.conf$//' >&2
  exit 64
fi
ln -sfn "$home/strategies/$1.conf" "$link"
if ! nginx -e /dev/stderr -t -q -c "$home/nginx.conf"; then
  ln -sfn "$before" "$link"
  echo "nginx refuses strategy \"$1\" for the reason above. \"$(basename "$before" .conf)\" stays active." >&2
  exit 65
fi
nginx -e /dev/stderr -c "$home/nginx.conf" -s reload
