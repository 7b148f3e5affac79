#!/bin/sh
# Starts nginx with the strategy named by LAB_STRATEGY.
set -eu
home=/etc/evenkeel

if [ ! -f "$home/strategies/$LAB_STRATEGY.conf" ]; then
  echo "There is no strategy \"$LAB_STRATEGY\". Set LAB_STRATEGY in .env to one of these:" >&2
  ls "$home/strategies" | sed 's/\.conf$//' >&2
  exit 64
fi
# nginx includes this link; strategy.sh lets it point elsewhere while nginx runs.
ln -sfn "$home/strategies/$LAB_STRATEGY.conf" /run/evenkeel/strategy.conf
# -e: messages before error_log is read would go to a log file, which this read-only container has not.
exec nginx -e /dev/stderr -c "$home/nginx.conf"
