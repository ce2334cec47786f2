package fakejira_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/sandbox/fakejira"
)

const token = "token-of-ada"

var clock = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

type world struct {
	t      *testing.T
	server *fakejira.Server
	url    string // with the context path
	cloud  bool
}

func newWorld(t *testing.T, o fakejira.Options) world {
	t.Helper()
	if o.Now == nil {
		o.Now = func() time.Time { return clock }
	}
	server := fakejira.New(o)
	server.AddToken(fakejira.Token{Value: token, UserID: o.Edition.ID("ada")})
	web := httptest.NewServer(server)
	t.Cleanup(web.Close)
	return world{t: t, server: server, url: web.URL + o.ContextPath, cloud: o.Edition == fakejira.Cloud}
}

func cloud(t *testing.T) world { return newWorld(t, fakejira.Options{}) }

func dataCenter(t *testing.T) world {
	return newWorld(t, fakejira.Options{Edition: fakejira.DataCenter, ContextPath: "/jira"})
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

// get asks with a token, "" for none.
func (w world) get(path, token string) answer {
	w.t.Helper()
	url := w.url + path
	if strings.HasPrefix(path, "http") {
		url = path
	}
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	switch {
	case token == "":
	case w.cloud:
		r.SetBasicAuth(fakejira.Email("ada"), token)
	default:
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, body}
}

// at follows keys and indexes into decoded JSON; nil where they lead nowhere.
func (a answer) at(t *testing.T, path ...any) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	for _, p := range path {
		switch step := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[step]
		case int:
			l, _ := v.([]any)
			if step >= len(l) {
				return nil
			}
			v = l[step]
		}
	}
	return v
}

func (a answer) want(t *testing.T, want any, path ...any) {
	t.Helper()
	if got := a.at(t, path...); got != want {
		t.Errorf("%v is %#v, want %#v", path, got, want)
	}
}

func (a answer) wantStatus(t *testing.T, want int) {
	t.Helper()
	if a.status != want {
		t.Fatalf("status %d, want %d: %s", a.status, want, a.body)
	}
}
