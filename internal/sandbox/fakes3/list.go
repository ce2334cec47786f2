package fakes3

import (
	"encoding/base64"
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// mostKeys is the longest page that S3 gives.
const mostKeys = 1000

type listResult struct {
	XMLName               xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
	Name                  string
	Prefix                string
	Delimiter             string `xml:",omitempty"`
	StartAfter            string `xml:",omitempty"`
	ContinuationToken     string `xml:",omitempty"`
	NextContinuationToken string `xml:",omitempty"`
	EncodingType          string `xml:",omitempty"`
	KeyCount, MaxKeys     int
	IsTruncated           bool
	Contents              []listEntry
	CommonPrefixes        []struct{ Prefix string }
}

type listEntry struct {
	Key, LastModified, ETag string
	Size                    int
	StorageClass            string
}

// listQuery is what a listing is asked for.
type listQuery struct {
	prefix, delimiter, after string
	past                     string // a common prefix that an earlier page ended with
	most                     int
}

// Continuation tokens say whether the page ended with a key, after which the
// next one begins, or with a common prefix, all of whose keys are done.
const (
	tokenKey    = "k"
	tokenPrefix = "p"
)

func parseList(q url.Values) (listQuery, error) {
	l := listQuery{prefix: q.Get("prefix"), delimiter: q.Get("delimiter"), after: q.Get("start-after"), most: mostKeys}
	if s := q.Get("max-keys"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 {
			return l, errorf(http.StatusBadRequest, "InvalidArgument", "Provided max-keys not an integer or within integer range")
		}
		l.most = min(n, mostKeys)
	}
	if t := q.Get("continuation-token"); t != "" {
		return l, l.resume(t)
	}
	return l, nil
}

func (l *listQuery) resume(token string) error {
	text, err := base64.URLEncoding.DecodeString(token)
	kind, rest := "", ""
	if len(text) > 0 {
		kind, rest = string(text[:1]), string(text[1:])
	}
	switch {
	case err == nil && kind == tokenKey:
		l.after = rest
	case err == nil && kind == tokenPrefix:
		l.past = rest
	default:
		return errorf(http.StatusBadRequest, "InvalidArgument", "The continuation token provided is incorrect")
	}
	return nil
}

func listObjects(w http.ResponseWriter, r *http.Request, b *bucket, name string) error {
	q := r.URL.Query()
	l, err := parseList(q)
	if err != nil {
		return err
	}
	result := listResult{
		Name: name, Prefix: l.prefix, Delimiter: l.delimiter, StartAfter: q.Get("start-after"),
		ContinuationToken: q.Get("continuation-token"), MaxKeys: l.most, EncodingType: q.Get("encoding-type"),
	}
	last := b.page(l, &result)
	if result.IsTruncated {
		result.NextContinuationToken = base64.URLEncoding.EncodeToString([]byte(last))
	}
	if result.EncodingType == "url" {
		result.encode()
	}
	body, err := xml.Marshal(result)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/xml")
	_, _ = w.Write(append([]byte(xml.Header), body...))
	return nil
}

// page fills in a page and returns what its continuation token says.
func (b *bucket) page(l listQuery, result *listResult) string {
	i, _ := slices.BinarySearch(b.keys, max(l.prefix, l.after, l.past))
	if l.past != "" {
		i = b.after(i, l.past)
	}
	last := ""
	for i < len(b.keys) && strings.HasPrefix(b.keys[i], l.prefix) {
		key := b.keys[i]
		if l.after != "" && key <= l.after {
			i++
			continue
		}
		if result.KeyCount == l.most {
			result.IsTruncated = l.most > 0
			return last
		}
		result.KeyCount++
		if common := l.common(key); common != "" {
			result.CommonPrefixes = append(result.CommonPrefixes, struct{ Prefix string }{common})
			last = tokenPrefix + common
			i = b.after(i, common)
			continue
		}
		result.Contents = append(result.Contents, b.entry(key))
		last = tokenKey + key
		i++
	}
	return last
}

// after returns the index of the first key from i on that lacks the prefix.
func (b *bucket) after(i int, prefix string) int {
	n := sort.Search(len(b.keys)-i, func(j int) bool {
		return b.keys[i+j] > prefix && !strings.HasPrefix(b.keys[i+j], prefix)
	})
	return i + n
}

func (b *bucket) entry(key string) listEntry {
	o := b.objects[key]
	return listEntry{
		Key: key, LastModified: o.modified.Format(time.RFC3339), ETag: o.etag, Size: len(o.data), StorageClass: "STANDARD",
	}
}

// common is the common prefix that a key is listed under, or "".
func (l listQuery) common(key string) string {
	if l.delimiter == "" {
		return ""
	}
	rest := key[len(l.prefix):]
	i := strings.Index(rest, l.delimiter)
	if i < 0 {
		return ""
	}
	return key[:len(l.prefix)+i+len(l.delimiter)]
}

// encode escapes all names, as a client can ask for because XML cannot carry
// every character of a key.
func (r *listResult) encode() {
	r.Prefix, r.Delimiter, r.StartAfter = url.QueryEscape(r.Prefix), url.QueryEscape(r.Delimiter), url.QueryEscape(r.StartAfter)
	for i := range r.Contents {
		r.Contents[i].Key = url.QueryEscape(r.Contents[i].Key)
	}
	for i := range r.CommonPrefixes {
		r.CommonPrefixes[i].Prefix = url.QueryEscape(r.CommonPrefixes[i].Prefix)
	}
}
