#!/bin/sh
# The programs that some tests need besides Python. As root on Debian they are installed; elsewhere they
# are named, and the tests that need them are skipped with the reason.
packages="tesseract-ocr tesseract-ocr-script-latn firefox-esr chromium postgresql mariadb-server openssh-server"
{ command -v firefox-esr || command -v firefox; } >/dev/null &&
    { command -v chromium || command -v chromium-browser; } >/dev/null &&
    { command -v initdb || ls /usr/lib/postgresql/*/bin/initdb; } >/dev/null 2>&1 &&
    { command -v mariadbd || ls /usr/sbin/mariadbd; } >/dev/null 2>&1 &&
    { command -v sshd || ls /usr/sbin/sshd; } >/dev/null 2>&1 &&
    command -v tesseract >/dev/null && tesseract --list-langs 2>/dev/null | grep -q Latin && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get install -y -qq --no-install-recommends $packages >/dev/null 2>&1 && exit 0
    apt-get update -qq >/dev/null 2>&1
    apt-get install -y -qq --no-install-recommends $packages >/dev/null 2>&1 && exit 0
fi
echo "Not installed, and some tests will be skipped: $packages" >&2
