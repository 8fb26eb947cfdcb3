# shellcheck shell=bash
# What the scripts around curl have in common: they say what they checked, and end with the first failure.

fail() { printf 'FAILED %s\n' "$*" >&2; exit 1; }
ok() { printf 'ok %s\n' "$*"; }

# The response is in `body`, what curl says of it in `said`; what --write-out asks for is printed.
ask() { curl --silent --show-error --max-time 20 --output body "$@" 2>said; }
same() { [ "$1" = "$2" ] || fail "$3: '$1' in place of '$2'"; }
# Whether a line is among what curl said.
said() { grep -qiE -- "$1" <<<"$(tr -d '\r' <said)" || fail "no '$1' in: $(cat said)"; }
unsaid() { ! grep -qiE -- "$1" <<<"$(tr -d '\r' <said)" || fail "'$1' in: $(cat said)"; }
# Bytes of the alphabet, again and again.
letters() { node -e 'process.stdout.write(Buffer.alloc(Number(process.argv[1]), "abcdefghijklmnopqrstuvwxyz"))' "$1"; }
sum() { sha256sum "$@" | cut -d' ' -f1; }
