package jira

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestCloudIDFile(t *testing.T) {
	t.Parallel()
	const site = "https://acme.atlassian.net"
	path := filepath.Join(t.TempDir(), "state", "jira-cloud.json")
	f := CloudIDFile(path)
	if got := f.CloudID(site); got != "" {
		t.Errorf("an absent file tells %q", got)
	}
	f.Remember(site, "") // nothing to forget
	f.Remember(site, cloudID)
	if got := f.CloudID(site); got != cloudID {
		t.Errorf("got %q, want %q", got, cloudID)
	}
	if got := f.CloudID("https://other.atlassian.net"); got != "" {
		t.Errorf("another site is told %q", got)
	}
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	f.Remember(site, "")
	if got := f.CloudID(site); got != "" {
		t.Errorf("forgotten, and tells %q", got)
	}
}

func TestCloudIDFileBelievesLittle(t *testing.T) {
	t.Parallel()
	const site = "https://acme.atlassian.net"
	good := `{"site":"` + site + `","cloud_id":"` + cloudID + `"}`
	for name, tt := range map[string]struct {
		content string
		mode    os.FileMode
		want    string
	}{
		"good":              {good, 0o600, cloudID},
		"not JSON":          {"x", 0o600, ""},
		"no id":             {`{"site":"` + site + `"}`, 0o600, ""},
		"an id with a path": {`{"site":"` + site + `","cloud_id":"../` + cloudID + `"}`, 0o600, ""},
		"others can write":  {good, 0o666, ""},
		"too long":          {good + string(make([]byte, 5000)), 0o600, ""},
	} {
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, []byte(tt.content), tt.mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, tt.mode); err != nil {
			t.Fatal(err)
		}
		if runtime.GOOS == "windows" && tt.mode != 0o600 {
			continue
		}
		if got := CloudIDFile(path).CloudID(site); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	if got := CloudIDFile(t.TempDir()).CloudID(site); got != "" {
		t.Errorf("a directory tells %q", got)
	}
}

// A place that cannot be written is no reason to fail.
func TestCloudIDFileCannotBeWritten(t *testing.T) {
	t.Parallel()
	blocker := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocker, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f := CloudIDFile(filepath.Join(blocker, "below"))
	f.Remember("https://acme.atlassian.net", cloudID)
	if got := f.CloudID("https://acme.atlassian.net"); got != "" {
		t.Errorf("got %q", got)
	}
}
