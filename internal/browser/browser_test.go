//go:build unix

package browser_test

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/browser"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
)

const target = "https://signin.example/federation?SigninToken=very-secret"

// fake is a browser that writes its arguments down.
func fake(t *testing.T) (command, written string) {
	t.Helper()
	return fakeIn(t, t.TempDir())
}

func fakeIn(t *testing.T, dir string) (command, written string) {
	t.Helper()
	command, written = filepath.Join(dir, "browser"), filepath.Join(dir, "arguments")
	script := "#!/bin/sh\nprintf '%s\\n' \"$@\" >'" + written + ".new' && mv '" + written + ".new' '" + written + "'\n"
	if err := os.WriteFile(command, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return command, written
}

func arguments(t *testing.T, written string) string {
	t.Helper()
	for range 500 {
		if b, err := os.ReadFile(written); err == nil {
			return strings.TrimSpace(string(b))
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the browser was not started")
	return ""
}

// visit fetches an address without going on from there.
func visit(t *testing.T, address string) *http.Response {
	t.Helper()
	c := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := c.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp
}

func TestTheAddressIsHandedOverOnce(t *testing.T) {
	t.Parallel()
	command, written := fake(t)
	done := make(chan error, 1)
	go func() {
		done <- browser.Open(t.Context(), browser.Options{Command: command + " --new-window:other"}, credential.NewSecret(target))
	}()
	args := strings.Split(arguments(t, written), "\n")
	if len(args) != 2 || args[0] != "--new-window" || strings.Contains(args[1], "secret") || !strings.HasPrefix(args[1], "http://127.0.0.1:") {
		t.Fatalf("the browser was given %q", args)
	}
	u, err := url.Parse(args[1])
	if err != nil {
		t.Fatal(err)
	}
	if resp := visit(t, "http://"+u.Host+"/guess"); resp.StatusCode != 404 {
		t.Errorf("another path answers %d", resp.StatusCode)
	}
	resp := visit(t, args[1])
	if resp.StatusCode != 302 || resp.Header.Get("Location") != target || resp.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := http.Get(args[1]); err == nil {
		t.Error("the address still answers")
	}
}

func TestAContainerIsNamed(t *testing.T) {
	t.Parallel()
	command, written := fake(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- browser.Open(ctx, browser.Options{Command: command + " -x %s -y", Container: "prod ro"}, credential.NewSecret(target))
	}()
	args := strings.Split(arguments(t, written), "\n")
	q, ok := strings.CutPrefix(args[1], "ext+granted-containers:")
	values, err := url.ParseQuery(q)
	if !ok || err != nil || values.Get("name") != "prod ro" || strings.Contains(q, "+") || !strings.HasPrefix(values.Get("url"), "http://127.0.0.1:") || args[2] != "-y" {
		t.Errorf("the browser was given %q", args)
	}
	cancel()
	if err := <-done; err == nil {
		t.Error("an address that nobody fetched passes for opened")
	}
}

func TestWithoutABrowserThereIsAHint(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]browser.Options{"no screen": {}, "no such program": {Command: "/no/such/browser"}} {
		err := browser.Open(t.Context(), o, credential.NewSecret(target))
		if fault.ClassOf(err) != fault.Usage || !strings.Contains(fault.HintOf(err), "--print") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAProgramMayHaveSpaces(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "My Browser  x")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	command, written := fakeIn(t, dir)
	for _, arguments := range []string{"", " --new  %s -y"} {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			done <- browser.Open(ctx, browser.Options{Command: command + arguments}, credential.NewSecret(target))
		}()
		seen(t, written, strings.Contains(arguments, "--new"))
		cancel()
		<-done
	}
}

// seen requires what the browser was given.
func seen(t *testing.T, written string, more bool) {
	t.Helper()
	args := strings.Split(arguments(t, written), "\n")
	if more && (len(args) != 3 || args[0] != "--new" || args[2] != "-y") || !more && (len(args) != 1 || !strings.HasPrefix(args[0], "http://")) {
		t.Errorf("the browser was given %q", args)
	}
	if err := os.Remove(written); err != nil {
		t.Fatal(err)
	}
}

// A browser that fails is not waited for as one that starts slowly is.
func TestABrowserThatFailsIsReported(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err := browser.Open(ctx, browser.Options{Command: "false"}, credential.NewSecret(target))
	if fault.ClassOf(err) != fault.Usage || !strings.Contains(err.Error(), "the browser has failed: exit status 1") || !strings.Contains(fault.HintOf(err), "--print") {
		t.Error(err)
	}
}
