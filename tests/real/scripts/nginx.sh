#!/usr/bin/env bash
# curl through the proxy, to the nginx of nginx.conf, whose letters.txt has 100,000 letters: nginx.sh HOST:PORT EMPTY-FOLDER
set -euo pipefail
. "$(dirname "$0")/common.sh"
proxy=http://$1
cd "$2"
whole=$(letters 100000 | sum)
# The value of a field among what curl said.
field() { tr -d '\r' <said | sed -n "s/^< $1: //Ip" | head -n 1; }

same "$(ask -v -w '%{http_code}' "$proxy/letters.txt")" 200 'a file'
same "$(sum body)" "$whole" 'its content'
said '^< content-length: 100000$'
said '^< content-type: text/plain$'
etag=$(field etag)
modified=$(field last-modified)
same "$(ask -v --head -w '%{http_code}' "$proxy/letters.txt")" 200 'its head'
said '^< content-length: 100000$'
same "$(ask -w '%{http_code}' "$proxy/none.txt")" 404 'no file'
same "$(ask -d x -w '%{http_code}' "$proxy/letters.txt")" 405 'POST to a file'
ok 'a file, its head, 404, 405'

for condition in "If-None-Match: $etag" "If-Modified-Since: $modified"; do
    same "$(ask -v -H "$condition" -w '%{http_code} %{size_download}' "$proxy/letters.txt")" '304 0' "$condition"
    same "$(field etag)" "$etag" 'the etag of a 304'
done
same "$(ask -H 'If-None-Match: "other"' -w '%{http_code}' "$proxy/letters.txt")" 200 'another etag'
same "$(ask -H 'If-Match: "other"' -w '%{http_code}' "$proxy/letters.txt")" 412 'If-Match'
ok 'conditions: 304, 412'

same "$(ask -v -r 26-30 -w '%{http_code}' "$proxy/letters.txt")" 206 'a range'
same "$(cat body)" abcde 'its content'
said '^< content-range: bytes 26-30/100000$'
same "$(ask -v -r 0-1,26-27 -w '%{http_code}' "$proxy/letters.txt")" 206 'two ranges'
said '^< content-type: multipart/byteranges; boundary='
same "$(grep -c '^ab' body)" 2 'their content'
same "$(ask -v -r 200000- -w '%{http_code}' "$proxy/letters.txt")" 416 'a range past the end'
said '^< content-range: bytes \*/100000$'
same "$(ask -r 0-1 -H 'If-Range: "other"' -w '%{http_code}' "$proxy/letters.txt")" 200 'If-Range'
ok 'ranges: 206, 416, If-Range'

same "$(ask -v -H 'Accept-Encoding: gzip' -w '%{http_code}' "$proxy/zipped/letters.txt")" 200 'a zipped file'
said '^< content-encoding: gzip$'
said '^< transfer-encoding: chunked$'
unsaid '^< content-length:'
same "$(gzip -dc body | sum)" "$whole" 'its content'
same "$(ask -v --compressed --http1.0 -w '%{http_code}' "$proxy/zipped/letters.txt")" 200 'zipped, in HTTP/1.0'
unsaid '^< transfer-encoding:'
same "$(sum body)" "$whole" 'its content'
same "$(ask -v --head -H 'Accept-Encoding: gzip' -w '%{http_code}' "$proxy/zipped/letters.txt")" 200 'the head of a zipped file'
ok 'zipped as it is sent: chunked, or to the end of the connection'

for number in {1..60}; do printf 'url = "%s/few/letters.txt"\noutput = "few%s"\n' "$proxy" "$number"; done >urls
codes=$(curl --silent --show-error --max-time 60 -w '%{http_code} %{num_connects}\n' -K urls | sort | uniq -c | tr -s ' \n' ' ')
same "$codes" ' 59 200 0 1 200 1 ' 'codes, and connections made'
same "$(sum few60)" "$whole" 'content of the last'
ok '60 requests on one connection, to an origin that closes every fifth time'

ask -v "$proxy/letters.txt"
first=$(field x-connection)
ask -v "$proxy/teapot"
[ "$(field x-requests)" -gt 1 ] || fail 'the connection to the origin was not used again'
printf 'ok connections to the origin are used again: number %s, %s requests\n' "$first" "$(field x-requests)"

same "$(ask -w '%{http_code}' "$proxy/teapot")" 418 'an odd status'
same "$(cat body)" 'short and stout' 'its body'
same "$(ask -v -w '%{http_code}' "$proxy/moved")" 301 'moved'
same "$(ask -w '%{http_code}' "$proxy/gone")" 502 'closed without an answer'
same "$(ask -d x -w '%{http_code}' "$proxy/gone")" 502 'the same for POST'
same "$(ask -w '%{http_code}' "$proxy/teapot")" 418 'after that'
ok 'no answer is 502'

letters 900000 >fits
letters 8388608 >large
same "$(ask --data-binary @fits -w '%{http_code}' "$proxy/length")" 200 'an upload that fits'
same "$(cat body)" 'POST 900000' 'its length'
for expect in 'Expect:' 'Expect: 100-continue'; do
    same "$(ask -H "$expect" --data-binary @large -w '%{http_code} ' "$proxy/length" \
        --next --silent --max-time 20 --output after -w '%{http_code}' "$proxy/teapot")" '413 418' "too large an upload, $expect"
    grep -q 'Request Entity Too Large' body || fail 'the body of the 413'
    same "$(cat after)" 'short and stout' 'the request after it'
done
ok 'too large an upload is 413 at once, and the next request is fine'
