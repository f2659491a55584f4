#!/usr/bin/env bash
# Runs a program that opens a window, or says how to where there is no screen.
set -euo pipefail
if [ "$(uname)" = Linux ] && [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
  echo "There is no display here. Everything is built; to open the window on a screen that nobody sees:" >&2
  echo "  xvfb-run -a $*        (Debian packages: xvfb xauth)" >&2
  exit 1
fi
exec "$@"
