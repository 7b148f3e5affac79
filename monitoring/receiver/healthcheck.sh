#!/usr/bin/env bash
# The receiver answers. In bash alone, because starting a second Node every few seconds would cost more than the receiver.
exec 3<>/dev/tcp/127.0.0.1/8000 || exit 1
printf 'GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
read -r -t 2 _ status _ <&3 || exit 1
[[ $status == 204 ]]
