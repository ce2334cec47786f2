package release

import (
	"bytes"
	"path"
	"slices"
	"strings"
	"testing"
)

// zshPlaces is where zsh looks for what packages bring.
func zshPlaces() map[string]string {
	return map[string]string{
		"deb": "usr/share/zsh/vendor-completions/_jit",
		"rpm": "usr/share/zsh/site-functions/_jit",
		"apk": "usr/share/zsh/site-functions/_jit",
	}
}

func TestPackagesAreComplete(t *testing.T) {
	d := open(t)
	binaries := map[string][]byte{}
	for _, a := range d.all(t, "Archive") {
		if a.Goos == "linux" {
			binaries[a.Goarch] = entries(t, d.path(a))["jit"].data
		}
	}
	seen := map[string][]string{}
	for _, p := range d.all(t, "Linux Package") {
		seen[p.Goarch] = append(seen[p.Goarch], p.Extra.Format)
		t.Run(p.Name, func(t *testing.T) {
			want := map[string]string{
				"usr/bin/jit": "",
				"usr/share/bash-completion/completions/jit":    "completions/jit.bash",
				"usr/share/fish/vendor_completions.d/jit.fish": "completions/jit.fish",
				"usr/share/doc/jit/LICENSE":                    "LICENSE",
				zshPlaces()[p.Extra.Format]:                    "completions/jit.zsh",
			}
			for _, page := range manPages(t) {
				want["usr/share/man/man1/"+path.Base(page)] = page
			}
			at := committed(t)
			if p.Extra.Format == "rpm" {
				at = nil // its times are in the header, and bsdtar does not read them there
			}
			in := entries(t, d.path(p))
			hold(t, in, want, at)
			if !bytes.Equal(in["usr/bin/jit"].data, binaries[p.Goarch]) {
				t.Error("the binary is another than in the archive")
			}
		})
	}
	for arch := range binaries {
		if slices.Sort(seen[arch]); !slices.Equal(seen[arch], []string{"apk", "deb", "rpm"}) {
			t.Errorf("packages for %s: %q", arch, seen[arch])
		}
	}
}

func TestDebianPackageTellsWhatItIs(t *testing.T) {
	d := open(t)
	for _, p := range d.all(t, "Linux Package") {
		if p.Extra.Format != "deb" {
			continue
		}
		// ~ sorts a snapshot before the release.
		want := strings.Join([]string{"jit", strings.ReplaceAll(d.version, "-", "~"), p.Goarch}, "\n")
		got := output(t, "", "dpkg-deb", "--show", "--showformat", "${Package}\n${Version}\n${Architecture}", d.path(p))
		if got != want {
			t.Errorf("%s is %q, want %q", p.Name, got, want)
		}
	}
}
