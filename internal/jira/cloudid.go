package jira

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"sync"

	"github.com/google/renameio/v2/maybe"
)

// CloudIDs remembers which sites are to be asked at the gateway. It is a cache:
// what it loses is found again, so it reports no errors.
type CloudIDs interface {
	// CloudID returns the id of the site, or "".
	CloudID(site string) string
	// Remember keeps the id of the site; "" forgets it.
	Remember(site, id string)
}

// uuidPattern is what _edge/tenant_info gives as a cloudId.
var uuidPattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
})

// CloudIDFile is a CloudIDs in one file, for one site: the last one wins.
type CloudIDFile string

// cloudIDRecord is the file's content.
type cloudIDRecord struct {
	Site    string `json:"site"`
	CloudID string `json:"cloud_id"`
}

// CloudID returns the id where the file holds one for the site. A file that
// others can write is not believed.
func (f CloudIDFile) CloudID(site string) string {
	info, err := os.Stat(string(f))
	if err != nil || !info.Mode().IsRegular() || info.Size() > 4096 || othersCanWrite(info) {
		return ""
	}
	b, err := os.ReadFile(string(f))
	if err != nil {
		return ""
	}
	var r cloudIDRecord
	if json.Unmarshal(b, &r) != nil || r.Site != site || !uuidPattern().MatchString(r.CloudID) {
		return ""
	}
	return r.CloudID
}

// Remember writes the file, or removes it where id is empty. A write that
// fails costs the next process two round trips and nothing else.
func (f CloudIDFile) Remember(site, id string) {
	if id == "" {
		if err := os.Remove(string(f)); err == nil || errors.Is(err, fs.ErrNotExist) {
			return
		}
	}
	b, err := json.Marshal(cloudIDRecord{Site: site, CloudID: id})
	if err != nil {
		return
	}
	if err := os.MkdirAll(filepath.Dir(string(f)), 0o700); err != nil {
		return
	}
	_ = maybe.WriteFile(string(f), append(b, '\n'), 0o600)
}

// othersCanWrite looks at the permission bits, which say nothing on Windows.
func othersCanWrite(info fs.FileInfo) bool {
	return runtime.GOOS != "windows" && info.Mode().Perm()&0o022 != 0
}
