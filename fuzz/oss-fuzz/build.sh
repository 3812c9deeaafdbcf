#!/bin/bash -eu
# Builds all fuzz targets into $OUT, each with its seed corpus, dictionary and options: what OSS-Fuzz and
# ClusterFuzzLite run in their containers, and fuzz/smoke on any machine.
# Reads $SRC (holds the checkout as pushspec), $OUT, $WORK and $SANITIZER; the engine is libFuzzer, which
# libfuzzer-sys brings along, so that $LIB_FUZZING_ENGINE is not needed.
[ "${FUZZING_ENGINE:-libfuzzer}" = libfuzzer ] || { echo "only libFuzzer is supported, not $FUZZING_ENGINE" >&2; exit 2; }

cd "$SRC/pushspec/fuzz"
options=(--release --debug-assertions)
case ${SANITIZER:-address} in
    # For these the container sets the compiler's flags itself.
    coverage | introspector) ;;
    *) options+=(--sanitizer "${SANITIZER:-address}") ;;
esac
cargo fuzz build "${options[@]}"

built=${CARGO_TARGET_DIR:-target}/$(rustc -vV | sed -n 's/^host: //p')/release
seeds=$WORK/seeds
rm -rf "$seeds"
cargo run --quiet --release --package pushspec-seeds -- "$seeds"
for target in $(cargo fuzz list); do
    cp "$built/$target" "$OUT/"
    cp "dictionaries/${target%%_*}.dict" "$OUT/$target.dict"
    printf '[libfuzzer]\nmax_len = 4096\ntimeout = 10\nrss_limit_mb = 1024\n' >"$OUT/$target.options"
    (cd "$seeds/$target" && python3 -m zipfile -c "$OUT/${target}_seed_corpus.zip" ./*)
done
