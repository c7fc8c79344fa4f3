#!/bin/sh
# Checks the grammar: that src/ is what grammar.js generates, that the tests pass, that every
# example of the language can be read, and that broken files cannot.
#
# Set TREE_SITTER to use a tree-sitter that is already installed.
set -eu
cd "$(dirname "$0")"

fail() {
    echo "$1" >&2
    exit 1
}

if [ -n "${TREE_SITTER:-}" ]; then
    cli=$TREE_SITTER
else
    npm ci --no-audit --no-fund
    cli=node_modules/.bin/tree-sitter
fi

wanted=$(sed -n 's/.*"tree-sitter-cli": "\(.*\)".*/\1/p' package.json)
case $("$cli" --version) in
"tree-sitter $wanted"*) ;;
*) fail "tree-sitter $wanted is needed" ;;
esac

committed=$(mktemp -d)
trap 'rm -rf "$committed"' EXIT
cp -R src "$committed/src"
"$cli" generate
diff -rq "$committed/src" src || fail 'src/ is not what grammar.js generates: commit what `npm run generate` writes'
sed -f queries/helix/highlights.sed queries/highlights.scm | diff - queries/helix/highlights.scm ||
    fail 'queries/helix/highlights.scm is not made of queries/highlights.scm'

"$cli" test

find ../../examples -name '*.price' >"$committed/examples"
[ -s "$committed/examples" ] || fail 'there are no examples'
"$cli" parse --quiet --paths "$committed/examples" || fail 'an example cannot be read'
head -n 1 "$committed/examples" >"$committed/example"
for query in queries/*.scm; do
    "$cli" query --quiet "$query" --paths "$committed/example" >/dev/null || fail "$query cannot be used"
done

for file in test/broken/*.price; do
    if "$cli" parse --quiet "$file" >/dev/null 2>&1; then
        fail "$file is read without an error"
    fi
done
echo "all is well: $(wc -l <"$committed/examples") examples"
