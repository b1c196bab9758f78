#!/bin/sh
# Draws each dashboard into docs/images/dashboards/NAME.png: make screenshots, from the repository's root.
set -eu
# The dot keeps the Go command out of node_modules, where somebody has left Go files.
work=out/.screenshots
mkdir -p "$work" docs/images/dashboards
cp dashboards/screenshots/package.json dashboards/screenshots/package-lock.json dashboards/screenshots/page.tsx "$work"
go run ./e2e/replay/frames >"$work/frames.json"
cd "$work"
[ -d node_modules ] || npm ci --no-audit --no-fund --ignore-scripts --legacy-peer-deps
node_modules/.bin/esbuild page.tsx --bundle --outfile=page.js --jsx=automatic --minify --log-level=error \
	--define:process.env.NODE_ENV='"production"' --define:global=window \
	--loader:.svg=dataurl --loader:.woff2=dataurl --loader:.woff=dataurl --loader:.ttf=dataurl --loader:.png=dataurl
printf '<!doctype html><meta charset=utf-8><link rel=stylesheet href=page.css><body style="margin:0"><div id=root></div><script src=page.js></script>' >page.html
for name in overview pool adapter; do
	height=$(node -e 'const p=JSON.parse(require("fs").readFileSync("frames.json"))[process.argv[1]+".json"].dashboard.panels;console.log(60+34*Math.max(...p.map(x=>x.gridPos.y+x.gridPos.h)))' "$name")
	chromium --headless=new --no-sandbox --disable-gpu --hide-scrollbars --allow-file-access-from-files --virtual-time-budget=8000 \
		--window-size="1500,$height" --screenshot="../../docs/images/dashboards/$name.png" "file://$PWD/page.html#$name" 2>"$name.log"
done
