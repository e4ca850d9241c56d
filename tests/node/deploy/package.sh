#!/bin/sh
# Makes the Debian package of the build in $1 in the folder $2, unpacks it there, and holds it
# against what it promises. Exit code 77: this machine cannot do it.
set -eu

build=$1
work=$2
for tool in cpack dpkg-deb dpkg-shlibdeps file; do
  if ! command -v "$tool" >/dev/null; then
    echo "left out: no $tool, which makes packages (./run package installs it)"
    exit 77
  fi
done

fail() {
  echo "$1"
  exit 1
}

rm -rf "$work"
mkdir -p "$work"
(cd "$build" && cpack -G DEB -B "$work") >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
deb=$(echo "$work"/muster_*.deb)
root=$work/root
dpkg-deb -x "$deb" "$root"
dpkg-deb -e "$deb" "$work/control"

# What is installed runs, and is what the package says.
version=$(dpkg-deb -f "$deb" Version)
[ "$("$root/usr/bin/muster" --version)" = "muster $version" ] || fail "it is not version $version"
"$root/usr/bin/muster-sim" --seed 7 --minutes 0.1 >/dev/null || fail "muster-sim does not run"
"$root/usr/bin/muster" init --name a --cluster c --dir "$work/files" >/dev/null || fail "no init"

# What the unit, the scripts and the guide refer to is there.
for file in usr/lib/systemd/system/muster.service usr/lib/sysusers.d/muster.conf \
  usr/lib/tmpfiles.d/muster.conf usr/share/man/man1/muster.1.gz usr/share/doc/muster/README.md \
  usr/share/doc/muster/copyright usr/share/doc/muster/examples/haproxy.cfg \
  usr/share/doc/muster/examples/kubernetes.yaml; do
  [ -f "$root/$file" ] || fail "it lacks $file"
done
while read -r file; do
  [ -f "$root$file" ] || fail "it lacks its own configuration $file"
done <"$work/control/conffiles"
for script in postinst prerm postrm; do
  sh -n "$work/control/$script" || fail "$script is no script"
done

# systemd accepts the unit, and finds it hardened: 0 is closed, 100 is open.
if command -v systemd-analyze >/dev/null; then
  sed "s|/usr/bin/muster|$root/usr/bin/muster|" "$root/usr/lib/systemd/system/muster.service" \
    >"$work/muster.service"
  said=$(systemd-analyze verify --man=no "$work/muster.service" 2>&1) || said="failed: $said"
  [ -z "$said" ] || fail "systemd does not accept the unit: $said"
  systemd-analyze security --offline=true --threshold=20 --no-pager \
    "$work/muster.service" >"$work/security" 2>&1 ||
    fail "the unit is less hardened than it was: $(tail -n 1 "$work/security")"
else
  echo "left out: no systemd-analyze, so the unit was not looked at"
fi
