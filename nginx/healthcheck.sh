#!/usr/bin/env bash
# nginx answers on its inner door (conf.d/inside.conf). In bash alone, because not every nginx image has curl.
exec 3<>/dev/tcp/127.0.0.1/8001 || exit 1
printf 'GET /nginx-health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
read -r -t 2 _ status _ <&3 || exit 1
[[ $status == 204 ]]
