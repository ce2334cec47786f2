package release

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// document is as much of SPDX 2.3 as is looked at.
type document struct {
	SPDXVersion, DataLicense, SPDXID, Name, DocumentNamespace string

	CreationInfo struct {
		Created  string
		Creators []string
	}
	Packages []struct{ SPDXID, Name, VersionInfo, DownloadLocation string }
	Files    []struct {
		SPDXID, FileName string
		Checksums        []struct{ Algorithm, ChecksumValue string }
	}
	Relationships []struct{ SPDXElementID, RelatedSPDXElement, RelationshipType string }
}

// mistakes are what SPDX would not have.
func (d document) mistakes() []string {
	var found []string
	if d.SPDXVersion != "SPDX-2.3" || d.DataLicense != "CC0-1.0" || d.SPDXID != "SPDXRef-DOCUMENT" {
		found = append(found, "it is not of SPDX 2.3")
	}
	if d.Name == "" || !strings.Contains(d.DocumentNamespace, "://") || d.CreationInfo.Created == "" || len(d.CreationInfo.Creators) == 0 {
		found = append(found, "what it is or who made it is missing")
	}
	ids := map[string]int{d.SPDXID: 1}
	for _, p := range d.Packages {
		if ids[p.SPDXID]++; p.Name == "" || p.DownloadLocation == "" {
			found = append(found, "a package has no name, or does not say where it comes from")
		}
	}
	for _, f := range d.Files {
		ids[f.SPDXID]++
	}
	for id, n := range ids {
		if n > 1 || !strings.HasPrefix(id, "SPDXRef-") {
			found = append(found, "bad or not unique: "+id)
		}
	}
	for _, r := range d.Relationships {
		if ids[r.SPDXElementID] == 0 || ids[r.RelatedSPDXElement] == 0 || r.RelationshipType == "" {
			found = append(found, "a relationship of what is not there: "+r.SPDXElementID+" "+r.RelatedSPDXElement)
		}
	}
	return found
}

// described are the packages that the document is about, as NAME VERSION.
func (d document) described() []string {
	var found []string
	for _, r := range d.Relationships {
		for _, p := range d.Packages {
			if r.SPDXElementID == d.SPDXID && r.RelationshipType == "DESCRIBES" && r.RelatedSPDXElement == p.SPDXID {
				found = append(found, p.Name+" "+p.VersionInfo)
			}
		}
	}
	return found
}

// sums are the SHA-256 of the document's files, as NAME SUM.
func (d document) sums() []string {
	var found []string
	for _, f := range d.Files {
		for _, c := range f.Checksums {
			if c.Algorithm == "SHA256" {
				found = append(found, f.FileName+" "+c.ChecksumValue)
			}
		}
	}
	return found
}

// An SBOM names what `go version -m` names of the binary, and nothing else.
func TestSBOMsNameWhatIsLinked(t *testing.T) {
	d := open(t)
	for _, a := range d.all(t, "Archive") {
		t.Run(a.Name, func(t *testing.T) {
			var doc document
			d.decode(t, a.Name+".sbom.json", &doc)
			for _, m := range doc.mistakes() {
				t.Error(m)
			}
			in := entries(t, d.path(a))
			info := information(t, a, in)
			want := map[string]bool{"jit " + d.version: true, info.Main.Path + " UNKNOWN": true, "stdlib " + info.GoVersion: true}
			for _, m := range info.Deps {
				want[m.Path+" "+m.Version] = true
			}
			if len(want) < 30 {
				t.Errorf("the binary names only %d modules", len(want))
			}
			got := map[string]bool{}
			for _, p := range doc.Packages {
				got[p.Name+" "+p.VersionInfo] = true
			}
			if !maps.Equal(got, want) {
				t.Errorf("it names\n%q, want\n%q", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
			}
			if about := doc.described(); !slices.Equal(about, []string{"jit " + d.version}) {
				t.Errorf("it is about %q", about)
			}
			if !slices.ContainsFunc(doc.CreationInfo.Creators, func(c string) bool { return strings.HasPrefix(c, "Tool: syft-1.") }) {
				t.Errorf("it was made by %q", doc.CreationInfo.Creators)
			}
			if got, want := doc.sums(), []string{binaryName(a) + " " + sum(in[binaryName(a)].data)}; !slices.Equal(got, want) {
				t.Errorf("it is about the files %q, want %q", got, want)
			}
		})
	}
}
