#!/usr/bin/env bash
# curl through the proxy, to http_origin.js: curl.sh HOST:PORT EMPTY-FOLDER
set -euo pipefail
. "$(dirname "$0")/common.sh"
proxy=http://$1
cd "$2"

# Fields of the report in `body`.
told() { node -e 'const all = JSON.parse(fs.readFileSync("body"));
    const field = (path) => path.split(".").reduce((at, key) => at[key] ?? "none", all);
    console.log(process.argv.slice(1).map(field).join(" "));' "$@"; }

letters 5242880 >upload
upload=$(sum upload)

same "$(ask -w '%{http_code} %{http_version}' "$proxy/path?q=1")" '200 1.1' GET
same "$(told method url httpVersion)" 'GET /path?q=1 1.1' 'what arrived'
ok GET

same "$(ask -v --head -w '%{http_code} %{size_download}' "$proxy/bytes?n=1234")" '200 0' HEAD
said '^< content-length: 1234$'
same "$(ask --head -w '%{http_code}' "$proxy/chunked?n=9")" 200 'HEAD without a length'
same "$(ask -w '%{http_code} %{size_download}' "$proxy/nothing")" '204 0' 'no content'
ok 'HEAD, and 204'

same "$(ask -d a=b -w '%{http_code}' "$proxy/form")" 200 POST
same "$(told method length headers.content-type)" 'POST 3 application/x-www-form-urlencoded' 'what arrived'
same "$(ask -d '' -w '%{http_code}' "$proxy/form")" 200 'POST of nothing'
same "$(told length headers.content-length)" '0 0' 'what arrived'
ok 'POST, also of nothing'

for method in PUT PATCH DELETE OPTIONS; do
    same "$(ask -X "$method" -d body -w '%{http_code}' "$proxy/x")" 200 "$method"
    same "$(told method length)" "$method 4" 'what arrived'
done
ok 'PUT, PATCH, DELETE, OPTIONS'

same "$(ask -v -H 'Expect: 100-continue' --expect100-timeout 15 --data-binary @upload -w '%{http_code}' "$proxy/up")" 200 'upload with Expect'
said '^< HTTP/1.1 100 Continue$'
same "$(told length sha256 headers.expect)" "5242880 $upload 100-continue" 'what arrived'
same "$(ask -v -H 'Expect:' --data-binary @upload -w '%{http_code}' "$proxy/up")" 200 'upload without Expect'
unsaid '100 Continue'
same "$(told length sha256 headers.expect)" "5242880 $upload none" 'what arrived'
ok 'uploads of 5 MiB, with and without Expect'

same "$(ask -v -H 'Expect: 100-continue' --expect100-timeout 15 --data-binary @upload -w '%{http_code} %{size_upload}' "$proxy/no-upload")" '413 0' 'a refused upload'
unsaid '100 Continue'
said '^< connection: close$'
same "$(cat body)" big 'its body'
ok 'an upload that the origin refuses is not sent'

same "$(ask -T - -w '%{http_code}' "$proxy/up" <upload)" 200 'chunked upload'
same "$(told method length sha256 headers.transfer-encoding)" "PUT 5242880 $upload chunked" 'what arrived'
same "$(told headers.content-length)" none 'no length'
ok 'a chunked upload'

same "$(ask -D fields -H 'TE: trailers' -w '%{http_code}' "$proxy/trailers")" 200 trailers
same "$(tr -d '\r' <fields | sed -n '/^$/,$p')" $'\nx-sum: 14' 'fields behind the body'
ask --raw -H 'TE: trailers' "$proxy/trailers"
same "$(tr -d '\r' <body | tail -n 3)" $'0\nx-sum: 14' 'the end of the chunks'
ok 'trailers'

same "$(ask -r 2-5 -w '%{http_code}' "$proxy/bytes?n=26")" 206 'a range'
same "$(cat body)" cdef 'its content'
ok 'a range'

for path in 'bytes?n=300000' 'chunked?n=300000'; do
    same "$(ask -v --http1.0 -w '%{http_code}' "$proxy/$path")" 200 "$path in HTTP/1.0"
    unsaid '^< transfer-encoding'
    same "$(sum body)" "$(letters 300000 | sum)" "$path in HTTP/1.0"
done
same "$(ask --http1.0 -d x -w '%{http_code}' "$proxy/up")" 200 'POST in HTTP/1.0'
same "$(told httpVersion length)" '1.1 1' 'what arrived'
ok HTTP/1.0

same "$(ask -w '%{num_connects} ' "$proxy/bytes?n=1" -o /dev/null "$proxy/chunked?n=1" -o /dev/null "$proxy/gzip" -o /dev/null "$proxy/nothing" -o /dev/null)" '1 0 0 0 ' 'connections made'
ok 'one connection for four requests'

ask "$proxy/gzip"
same "$(gzip -dc body | sum)" "$(letters 100000 | sum)" 'a zipped body'
same "$(ask -v --compressed -w '%{http_code}' "$proxy/gzip")" 200 'a zipped body, asked for'
said '^< content-encoding: gzip$'
said '^< etag: W/"z"$'
same "$(sum body)" "$(letters 100000 | sum)" 'unzipped by curl'
ok 'a zipped body is not touched'

same "$(ask -v -w '%{http_code}' "$proxy/early")" 200 'interim responses'
said '^< HTTP/1.1 102 '
said '^< HTTP/1.1 103 Early Hints$'
said '^< link: </a.css>; rel=preload$'
said '^< x-hint: one$'
same "$(cat body)" late 'the final response'
same "$(ask -v --http1.0 -w '%{http_code}' "$proxy/early")" 200 'the same in HTTP/1.0'
unsaid '^< HTTP/1.1 10[23]'
ok '102 and 103, but not to HTTP/1.0'

same "$(ask -w '%{http_code} %{redirect_url}' "$proxy/redirect")" '302 http://elsewhere.invalid/x?y' 'a redirect'
ok 'a redirect is for the client to follow'

# shellcheck disable=SC2016 # no expansion is meant
for path in '/a/../b' '/a/./b' '/..' '//x//y/' '/%2e%2e/%2F%5c' '/a;b=c' '/?' '/a?' '/a?b=c&&d=?/../' '/a%00b' '/a|b' \
    "/~!\$&'()*+,;=:@" '/%zz' '/caf%C3%A9?%C3%A9' '/a?b=[1]&c={2}'; do
    same "$(ask --path-as-is --globoff -w '%{http_code}' "$proxy$path")" 200 "$path"
    same "$(told url)" "$path" 'what arrived'
done
ok 'odd paths arrive as they were'

for path in cut 'cut?length'; do
    code=0
    ask "$proxy/$path" || code=$?
    case $code in 18 | 56) ;; *) fail "curl took a response that broke off ($path) for whole: $code" ;; esac
done
ok 'a response that breaks off does not look whole'
