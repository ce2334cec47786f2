package jira

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// sharedJira is the directory of recorded bodies and of Jira's OpenAPI
// document, beside the module's root; "" where it is absent.
var sharedJira = sync.OnceValue(func() string {
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
	shared := filepath.Join(dir, "..", "shared", "jira")
	if _, err := os.Stat(shared); err != nil {
		return ""
	}
	return shared
})

// needShared skips a test that needs the recorded bodies, or fails it where
// they are required.
func needShared(t testing.TB) string {
	t.Helper()
	dir := sharedJira()
	if dir != "" {
		return dir
	}
	if slices.Contains(strings.Split(os.Getenv("JIT_REQUIRE"), ","), "fixtures") {
		t.Fatal("the recorded bodies of Jira are required and not there")
	}
	t.Skip("the recorded bodies of Jira are not there")
	return ""
}

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(needShared(t), "fixtures", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// spec is the router over Jira's OpenAPI document; nil where it is absent.
var spec = sync.OnceValues(func() (routers.Router, error) {
	if sharedJira() == "" {
		return nil, nil
	}
	doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join(sharedJira(), "openapi-v2-subset.json"))
	if err != nil {
		return nil, err
	}
	doc.Servers = nil
	return legacy.NewRouter(doc, openapi3.DisableExamplesValidation())
})

// checkRequest holds a request against the OpenAPI document: the path, and each
// parameter by name and type.
func checkRequest(t testing.TB, r *http.Request, path string) {
	t.Helper()
	router, err := spec()
	if err != nil {
		t.Errorf("load the OpenAPI document: %v", err)
	}
	if router == nil || err != nil {
		return
	}
	plain := r.Clone(r.Context())
	plain.URL = &url.URL{Path: path, RawQuery: r.URL.RawQuery}
	route, params, err := router.FindRoute(plain)
	if err != nil {
		t.Errorf("%s %s is not in the OpenAPI document: %v", r.Method, path, err)
		return
	}
	known := map[string]bool{}
	for _, p := range slices.Concat(route.PathItem.Parameters, route.Operation.Parameters) {
		known[p.Value.Name] = true
	}
	for name := range plain.URL.Query() {
		if !known[name] {
			t.Errorf("%s has no parameter %s", path, name)
		}
	}
	err = openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{
		Request: plain, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	})
	if err != nil {
		t.Errorf("%s does not fit the OpenAPI document: %v", r.URL.RequestURI(), err)
	}
}
