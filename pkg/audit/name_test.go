package audit_test

import (
	"strings"
	"testing"

	"github.com/jitaccess/jit/pkg/audit"
)

func TestEscapeID(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"":                       "",
		"JIRAUSER10100":          "JIRAUSER10100",
		"557058:f58131cb-b67d":   "557058=3Af58131cb-b67d",
		"ada.smith_x=y":          "ada=2Esmith=5Fx=3Dy",
		"=h00":                   "=3Dh00",
		"é":                      "=C3=A9",
		"../_state":              "=2E=2E=2F=5Fstate",
		strings.Repeat("a", 64):  strings.Repeat("a", 64),
		strings.Repeat("a", 65):  "=h635361c48bb9eab14198e76ea8ab7f1a",
		strings.Repeat(":", 22):  "=h" + audit.Hash([]byte(strings.Repeat(":", 22)))[:32],
		strings.Repeat("a", 200): "=h" + audit.Hash([]byte(strings.Repeat("a", 200)))[:32],
	} {
		got := audit.EscapeID(id)
		if got != want {
			t.Errorf("EscapeID(%q) = %q, want %q", id, got, want)
		}
		if id != "" && !audit.IsWriter(got) {
			t.Errorf("%q, which is EscapeID(%q), is no writer", got, id)
		}
	}
}

// unescape undoes EscapeID where it did not hash.
func unescape(name string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		if name[i] != '=' {
			b.WriteByte(name[i])
			continue
		}
		const digits = "0123456789ABCDEF"
		if i+2 >= len(name) || !strings.Contains(digits, name[i+1:i+2]) || !strings.Contains(digits, name[i+2:i+3]) {
			return "", false // such as =h
		}
		b.WriteByte(byte(strings.IndexByte(digits, name[i+1])<<4 | strings.IndexByte(digits, name[i+2])))
		i += 2
	}
	return b.String(), true
}

// No two ids share a name: a name that was not hashed can be undone, and one
// that was cannot be mistaken for one that was not.
func FuzzEscapeID(f *testing.F) {
	for _, id := range []string{"", "ada", "557058:ada", "=h00", "h", strings.Repeat("é", 40), strings.Repeat("=", 30)} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		name := audit.EscapeID(id)
		if id != "" && !audit.IsWriter(name) {
			t.Fatalf("%q is no writer", name)
		}
		back, ok := unescape(name)
		hashed := strings.HasPrefix(name, "=h")
		if hashed == ok || ok && back != id {
			t.Fatalf("%q is %q, which reads %q", id, name, back)
		}
		if hashed && name != "=h"+audit.Hash([]byte(id))[:32] {
			t.Fatalf("%q is hashed to %q", id, name)
		}
	})
}

func TestIsWriter(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"ada": true, "557058=3Aada": true, "=h635361c48bb9eab14198e76ea8ab7f1a": true, "ada.2": true, "ada.10": true,
		strings.Repeat("a", 64): true, strings.Repeat("a", 64) + ".3": true, "ada.999999": true,
		"": false, ".2": false, "ada.": false, "ada.0": false, "ada.1": false, "ada.02": false, "ada.2.3": false, "ada.-2": false,
		"ada.+2": false, "ada.1000000": false, "ada.99999999999999999999": false, "_state": false, "_checkpoints": false,
		"a_b": false, "a/b": false, "..": false, "é": false, strings.Repeat("a", 65): false, "a b": false,
	} {
		if got := audit.IsWriter(name); got != want {
			t.Errorf("IsWriter(%q) = %v", name, got)
		}
	}
}

func TestContinuedBy(t *testing.T) {
	t.Parallel()
	name := "ada"
	for _, want := range []string{"ada.2", "ada.3", "ada.4"} {
		if name = audit.ContinuedBy(name); name != want || !audit.IsWriter(name) {
			t.Errorf("got %q, want %q", name, want)
		}
	}
}

func TestFileNames(t *testing.T) {
	t.Parallel()
	for _, seq := range []uint64{1, 9, 10, 1_000_000, audit.MaxSeq} {
		file := audit.FileName(seq)
		if got, ok := audit.ParseFileName(file); !ok || got != seq || len(file) != 15 {
			t.Errorf("%d is %q, which is %d, %v", seq, file, got, ok)
		}
	}
	if got := audit.Name("ada", 42); got != "ada/0000000042.json" {
		t.Error(got)
	}
	for _, file := range []string{"", "1.json", "0000000000.json", "00000000001.json", "000000001.json", "-000000001.json", "0000000001.JSON", "0000000001.json.bak", "000000000a.json", "０000000001.json"} {
		if seq, ok := audit.ParseFileName(file); ok {
			t.Errorf("%q is record %d", file, seq)
		}
	}
}
