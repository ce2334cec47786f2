package audit_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/pkg/audit"
)

func TestEncodeDecode(t *testing.T) {
	t.Parallel()
	prev := audit.Hash([]byte("x"))
	bare := audit.Event{Kind: audit.Probe, Time: epoch, UID: "u"}
	for name, e := range map[string]audit.Event{"full": full(), "bare": bare, "a kind of tomorrow": {Kind: "extended", Time: epoch, UID: "u"}} {
		data := encode(t, e, "ada", 42, prev)
		r, err := audit.Decode(data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := audit.Record{Event: e, Writer: "ada", Seq: 42, Prev: prev, Hash: audit.Hash(data), Raw: data}
		if !reflect.DeepEqual(r, want) {
			t.Errorf("%s: got\n%+v, want\n%+v", name, r, want)
		}
		if again := encode(t, r.Event, r.Writer, r.Seq, r.Prev); !bytes.Equal(again, data) {
			t.Errorf("%s: encoded again\n%s, was\n%s", name, again, data)
		}
		if bytes.Count(data, []byte("\n")) != 1 || !bytes.HasSuffix(data, []byte("}\n")) {
			t.Errorf("%s: not one line: %s", name, data)
		}
	}
}

func TestTimesAreUTC(t *testing.T) {
	t.Parallel()
	e := full()
	zone := time.FixedZone("x", 3600)
	e.Time, e.NotBefore, e.ExpiresAt = e.Time.In(zone), e.NotBefore.In(zone), e.ExpiresAt.In(zone)
	if a, b := encode(t, e, "ada", 1, audit.FirstPrev), encode(t, full(), "ada", 1, audit.FirstPrev); !bytes.Equal(a, b) {
		t.Errorf("the zone shows:\n%s\n%s", a, b)
	}
}

func TestWhatIsRequiredIsNeverLeftOut(t *testing.T) {
	t.Parallel()
	data := encode(t, audit.Event{Kind: audit.Probe, Time: epoch}, "ada", 1, audit.FirstPrev)
	var v struct {
		User       struct{ UID string }
		Privileges []string
		Metadata   struct{ UID string }
		Unmapped   struct{ JIT map[string]any }
	}
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	if v.User.UID != "ada" || v.Privileges == nil || v.Metadata.UID != "ada/0000000001.json" {
		t.Errorf("%+v", v)
	}
	for _, key := range []string{"event", "grant", "ticket", "ticket_id", "entitlement", "policy", "writer", "seq", "prev"} {
		if _, ok := v.Unmapped.JIT[key]; !ok {
			t.Errorf("unmapped.jit has no %s: %s", key, data)
		}
	}
	if len(v.Unmapped.JIT) != 9 {
		t.Errorf("unmapped.jit has more than it must: %s", data)
	}
}

func TestEncodeRefuses(t *testing.T) {
	t.Parallel()
	ok := audit.Event{Kind: audit.Issued, Time: epoch}
	later := audit.Hash([]byte("x"))
	for name, tc := range map[string]struct {
		change func(*audit.Event)
		writer string
		seq    uint64
		prev   string
	}{
		"no kind":          {func(e *audit.Event) { e.Kind = "" }, "ada", 1, audit.FirstPrev},
		"a kind with caps": {func(e *audit.Event) { e.Kind = "Issued" }, "ada", 1, audit.FirstPrev},
		"no time":          {func(e *audit.Event) { e.Time = time.Time{} }, "ada", 1, audit.FirstPrev},
		"a far expiry":     {func(e *audit.Event) { e.ExpiresAt = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, "ada", 1, audit.FirstPrev},
		"no writer":        {nil, "", 1, audit.FirstPrev},
		"a reserved name":  {nil, "_state", 1, audit.FirstPrev},
		"a path":           {nil, "a/b", 1, audit.FirstPrev},
		"seq 0":            {nil, "ada", 0, audit.FirstPrev},
		"seq too large":    {nil, "ada", audit.MaxSeq + 1, later},
		"no prev":          {nil, "ada", 2, ""},
		"a prev with caps": {nil, "ada", 2, strings.ToUpper(later)},
		"first with prev":  {nil, "ada", 1, later},
		"second without":   {nil, "ada", 2, audit.FirstPrev},
		"too large":        {func(e *audit.Event) { e.Reason = strings.Repeat("x", audit.MaxRecord) }, "ada", 1, audit.FirstPrev},
	} {
		e := ok
		if tc.change != nil {
			tc.change(&e)
		}
		if data, err := audit.Encode(e, tc.writer, tc.seq, tc.prev); err == nil {
			t.Errorf("%s: encoded as %.200s", name, data)
		} else if (name == "too large") != errors.Is(err, audit.ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestALongErrorIsClipped(t *testing.T) {
	t.Parallel()
	e := full()
	e.Error = "x" + strings.Repeat("é", audit.MaxRecord)
	r, err := audit.Decode(encode(t, e, "ada", 1, audit.FirstPrev))
	if err != nil || len(r.Error) > 5000 || !strings.HasPrefix(r.Error, "xéé") || !strings.HasSuffix(r.Error, "é…") {
		t.Errorf("%.20q, %d bytes, %v", r.Error, len(r.Error), err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	good := string(encode(t, full(), "ada", 42, audit.Hash(nil)))
	replace := func(old, with string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("the record has no %s: %s", old, good)
		}
		return strings.Replace(good, old, with, 1)
	}
	for name, data := range map[string]string{
		"nothing":               "",
		"a line feed":           "\n",
		"no line feed":          strings.TrimSuffix(good, "\n"),
		"two lines":             good + "\n",
		"indented":              replace(",", ",\n"),
		"null":                  "null\n",
		"an empty object":       "{}\n",
		"an array":              "[" + strings.TrimSuffix(good, "\n") + "]\n",
		"two objects":           strings.TrimSuffix(good, "\n") + good,
		"cut":                   good[:len(good)/2] + "\n",
		"a wrong type":          replace(`"seq":42`, `"seq":"42"`),
		"seq with a fraction":   replace(`"seq":42`, `"seq":42.5`),
		"seq below 1":           replace(`"seq":42`, `"seq":-1`),
		"type for another":      replace(`"type_uid":300501`, `"type_uid":300502`),
		"another category":      replace(`"category_uid":3`, `"category_uid":4`),
		"activity for another":  strings.Replace(replace(`"type_uid":300501`, `"type_uid":300502`), `"activity_id":1`, `"activity_id":2`, 1),
		"another user":          replace(`},"user":{"uid":"557058:ada"`, `},"user":{"uid":"557058:bob"`),
		"no user":               replace(`},"user":{"uid":"557058:ada",`, `},"user":{`),
		"no time":               replace(`"time":`, `"tim":`),
		"no uid":                replace(`"uid":"u-1"`, `"uid":""`),
		"no schema version":     replace(`"version":"1.8.0"`, `"version":""`),
		"an upper-case prev":    replace(audit.Hash(nil), strings.ToUpper(audit.Hash(nil))),
		"no event":              replace(`"event":"issued"`, `"event":""`),
		"a reserved writer":     replace(`"writer":"ada","seq"`, `"writer":"_state","seq"`),
		"a key twice":           replace(`"seq":42`, `"seq":41,"seq":42`),
		"a key in other case":   replace(`"seq":42`, `"SEQ":42`),
		"a key in odd letters":  replace(`"user":{`, `"uſer":{`),
		"a key with an escape":  replace(`"seq":42`, `"\u0073eq":42`),
		"an unknown key twice":  replace(`"seq":42`, `"seq":42,"x":[{"y":1,"y":2}]`),
		"a time out of RFC3339": replace(`"not_before":"2026`, `"not_before":"26`),
		"very many keys":        replace(`"seq":42`, `"seq":42,"x":{`+manyKeys(1001)+`}`),
		"too large":             replace(`"reason":"`, `"reason":"`+strings.Repeat("x", audit.MaxRecord)),
	} {
		if _, err := audit.Decode([]byte(data)); err == nil {
			t.Errorf("%s: decoded %.300s", name, data)
		}
	}
}

func manyKeys(n int) string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf(`"k%d":0`, i)
	}
	return strings.Join(keys, ",")
}

func TestDecodeIsOpen(t *testing.T) {
	t.Parallel()
	good := string(encode(t, full(), "ada", 42, audit.Hash(nil)))
	for name, pair := range map[string][2]string{
		"a field":       {`"seq":42`, `"seq":42,"approvers":[{"id":"x"},{"id":"y"}]`},
		"many fields":   {`"seq":42`, `"seq":42,"x":{` + manyKeys(1000) + `}`},
		"an OCSF field": {`"time":`, `"timezone_offset":60,"time":`},
		"a kind":        {`"event":"issued"`, `"event":"extended-by_9"`},
		"a class":       {`"class_uid":3005,"type_uid":300501`, `"class_uid":3007,"type_uid":300701`},
		"a schema":      {`"version":"1.8.0"`, `"version":"1.9.0"`},
	} {
		data := strings.Replace(good, pair[0], pair[1], 1)
		if data == good {
			t.Fatalf("%s: nothing to replace in %s", name, good)
		}
		if r, err := audit.Decode([]byte(data)); err != nil || r.Ticket != "OPS-7" {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encode(f, full(), "ada", 42, audit.Hash(nil)))
	f.Add(encode(f, audit.Event{Kind: audit.Probe, Time: epoch}, "ada.2", 1, audit.FirstPrev))
	f.Add([]byte("{\"a\":[{\"b\":\"\\\"\"},{}]}\n"))
	f.Add([]byte("null\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		before := slices.Clone(data)
		r, err := audit.Decode(data)
		if !bytes.Equal(before, data) {
			t.Fatal("Decode changed its input")
		}
		if err != nil {
			return
		}
		if !audit.IsWriter(r.Writer) || r.Seq == 0 || r.Hash != audit.Hash(data) {
			t.Fatalf("decoded %+v", r)
		}
		again, err := audit.Encode(r.Event, r.Writer, r.Seq, r.Prev)
		if err != nil {
			return // such as a year that JSON cannot write
		}
		r2, err := audit.Decode(again)
		if err != nil {
			t.Fatalf("what was decoded cannot be decoded again: %v\n%s", err, again)
		}
		r2.Hash, r2.Raw, r.Hash, r.Raw = "", nil, "", nil
		if len(r.Error) < 4000 && !sameRecord(r, r2) {
			t.Fatalf("got\n%+v, was\n%+v", r2, r)
		}
	})
}

// sameRecord compares what records say, in which an empty list is none.
func sameRecord(a, b audit.Record) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	empty := func(s []byte) []byte { return bytes.ReplaceAll(s, []byte(":[]"), []byte(":null")) }
	return errX == nil && errY == nil && bytes.Equal(empty(x), empty(y))
}
