#!/bin/bash -eu
exec "$SRC/pushspec/fuzz/oss-fuzz/build.sh"
