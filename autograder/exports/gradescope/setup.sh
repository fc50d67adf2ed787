#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the image: Python and the locked packages.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
venv="${AUTOGRADER_ROOT:-/autograder}/venv"
export DEBIAN_FRONTEND=noninteractive

apt-get update
apt-get install -y bubblewrap
# Ubuntu 22.04 has Python 3.11 beside its 3.10; 24.04 has 3.12.
apt-get install -y python3.11 python3.11-venv || apt-get install -y python3 python3-venv

python=""
for name in python3.11 python3.12 python3.13 python3; do
  if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python="$name"
    break
  fi
done
if [ -z "$python" ]; then
  echo "The course needs Python 3.11: choose Ubuntu 22.04 or newer as the base image." >&2
  exit 1
fi

"$python" -m venv "$venv"
"$venv/bin/python" -m pip install --no-cache-dir \
  --requirement dependencies.txt --constraint requirements.txt

# What is missing shall fail here, not with the first submission.
PYTHONPATH="course/src:course" "$venv/bin/python" -c "import autograder.exports.gradescope.run"
