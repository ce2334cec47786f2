package fakes3

import (
	"crypto/md5"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"time"
)

type object struct {
	data     []byte
	etag     string // quoted
	modified time.Time
}

func newObject(data []byte, at time.Time) object {
	sum := md5.Sum(data) // S3's entity tag of a simple upload, not a protection
	return object{data: slices.Clone(data), etag: `"` + hex.EncodeToString(sum[:]) + `"`, modified: at.UTC()}
}

// bucket keeps its keys sorted, so that listing a million of them costs no more
// than the page that is shown.
type bucket struct {
	objects map[string]object
	keys    []string
}

func (b *bucket) put(key string, o object) {
	if _, ok := b.objects[key]; !ok {
		i, _ := slices.BinarySearch(b.keys, key)
		b.keys = slices.Insert(b.keys, i, key)
	}
	b.objects[key] = o
}

func (b *bucket) remove(key string) {
	if _, ok := b.objects[key]; !ok {
		return
	}
	delete(b.objects, key)
	i, _ := slices.BinarySearch(b.keys, key)
	b.keys = slices.Delete(b.keys, i, i+1)
}

// putObject is called with mu held.
func (s *Server) putObject(w http.ResponseWriter, r *http.Request, b *bucket, key string, body []byte) error {
	if condition := r.Header.Get("If-None-Match"); condition != "" {
		if condition != "*" {
			return errorf(http.StatusNotImplemented, "NotImplemented", "A header you provided implies functionality that is not implemented")
		}
		if s.conflicts > 0 {
			s.conflicts--
			return errorf(http.StatusConflict, "ConditionalRequestConflict",
				"The conditional request cannot succeed due to a conflicting operation against this resource.")
		}
		if _, ok := b.objects[key]; ok {
			return errorf(http.StatusPreconditionFailed, "PreconditionFailed",
				"At least one of the pre-conditions you specified did not hold")
		}
	}
	o := newObject(body, s.now())
	b.put(key, o)
	w.Header().Set("ETag", o.etag)
	w.Header().Set(crcHeader, crcOf(body))
	return nil
}

func getObject(w http.ResponseWriter, r *http.Request, b *bucket, key string) error {
	o, ok := b.objects[key]
	if !ok {
		return errorf(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
	}
	h := w.Header()
	h.Set("ETag", o.etag)
	h.Set("Last-Modified", o.modified.Format(http.TimeFormat))
	h.Set("Content-Type", "binary/octet-stream")
	h.Set("Content-Length", strconv.Itoa(len(o.data)))
	if r.Header.Get("X-Amz-Checksum-Mode") == "ENABLED" {
		h.Set(crcHeader, crcOf(o.data))
	}
	if r.Method == http.MethodGet {
		_, _ = w.Write(o.data) // a client that went away is no concern of ours
	}
	return nil
}
