// Package browser opens a secret address in the user's browser.
//
// A browser is handed its address as an argument, which other users can see in
// the list of processes, and may keep it in its history. So it is handed one on
// this machine that works once, and is sent on from there.
package browser

import (
	"context"
	"crypto/rand"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
)

// fetchLimit is how long a browser may take to start and fetch the address, and
// failedLimit how long after what was started has ended in an error: another
// that it reached may have taken the address from it.
const (
	fetchLimit  = time.Minute
	failedLimit = 3 * time.Second
)

// Options say how to open a browser.
type Options struct {
	// Command is the program with its arguments, as in $BROWSER: %s in it stands
	// for the address, which otherwise comes last. The program's path may have
	// spaces. "" takes the system's opener.
	Command string
	// Graphical is whether the system's opener has a screen to open on.
	Graphical bool
	// Container, where not empty, opens the address in a container of Firefox
	// of that name, by way of the extension Granted Containers.
	Container string
}

// Open opens the address and waits until the browser has fetched it. The errors
// are of class Usage: what failed is for the user to choose otherwise.
func Open(ctx context.Context, o Options, to credential.Secret) error {
	argv, err := o.argv()
	if err != nil {
		return err
	}
	once, err := handOver(ctx, to)
	if err != nil {
		return err
	}
	defer once.close()
	address := once.address
	if o.Container != "" {
		address = containerURL(o.Container, address)
	}
	failed, err := start(ctx, argv, address)
	if err != nil {
		return err
	}
	return wait(ctx, once.fetched, failed)
}

// wait waits until the address is fetched, or will not be.
func wait(ctx context.Context, fetched <-chan struct{}, failed <-chan error) error {
	limit := time.After(fetchLimit)
	var why error
	for {
		select {
		case <-fetched:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case why = <-failed:
			limit = time.After(failedLimit)
		case <-limit:
			if why != nil {
				return fault.Wrap(fault.Usage, why, "the browser has failed").WithHint("%s", printHint)
			}
			return fault.New(fault.Usage, "the browser has not opened the address").WithHint("%s", printHint)
		}
	}
}

const printHint = "use --print and open the URL yourself, or name a browser in BROWSER"

// start runs the browser and does not wait for it to end: some go on for as
// long as their window is open. It tells of an end in an error; another end is
// the browser's own matter.
func start(ctx context.Context, argv []string, address string) (<-chan error, error) {
	args := make([]string, 0, len(argv))
	placed := false
	for _, a := range argv[1:] {
		placed = placed || strings.Contains(a, "%s")
		args = append(args, strings.ReplaceAll(a, "%s", address))
	}
	if !placed {
		args = append(args, address)
	}
	c := exec.CommandContext(context.WithoutCancel(ctx), argv[0], args...)
	if err := c.Start(); err != nil {
		return nil, fault.Wrap(fault.Usage, err, "no browser can be started").WithHint("%s", printHint)
	}
	failed := make(chan error, 1)
	go func() {
		if err := c.Wait(); err != nil {
			failed <- err
		}
	}()
	return failed, nil
}

// argv is the command that opens an address.
func (o Options) argv() ([]string, error) {
	// BROWSER may list several, as in browser(1) of Debian; the first will do.
	first, _, _ := strings.Cut(o.Command, string(os.PathListSeparator))
	if words := split(first); len(words) > 0 {
		return words, nil
	}
	if o.Container != "" {
		return []string{"firefox"}, nil
	}
	if !o.Graphical {
		return nil, fault.New(fault.Usage, "there is no screen to open a browser on").WithHint("%s", printHint)
	}
	return systemOpener(), nil
}

// split returns the words of a command. Its first ones are one where only
// together they are a program, such as one in a directory with a space.
func split(command string) []string {
	command = strings.TrimSpace(command)
	for i := range len(command) + 1 {
		if i < len(command) && command[i] != ' ' {
			continue
		}
		if _, err := exec.LookPath(command[:i]); err == nil {
			return append([]string{command[:i]}, strings.Fields(command[i:])...)
		}
	}
	return strings.Fields(command)
}

// containerURL is how the extension Granted Containers is asked for a tab.
func containerURL(container, address string) string {
	return "ext+granted-containers:" + strings.ReplaceAll(url.Values{
		"name": {container}, "url": {address}, "color": {colourOf(container)}, "icon": {"fingerprint"},
	}.Encode(), "+", "%20")
}

// colourOf gives a container the same colour each time.
func colourOf(container string) string {
	colours := []string{"blue", "turquoise", "green", "yellow", "orange", "red", "pink", "purple"}
	sum := 0
	for i := range len(container) {
		sum = sum*31 + int(container[i])
	}
	return colours[uint(sum)%uint(len(colours))]
}

// handed is an address on this machine that sends its first visitor on.
type handed struct {
	address string
	fetched chan struct{}
	close   func()
}

func handOver(ctx context.Context, to credential.Secret) (*handed, error) {
	var c net.ListenConfig
	l, err := c.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fault.Wrap(fault.Usage, err, "the address cannot be handed to a browser").WithHint("%s", printHint)
	}
	path := "/" + rand.Text()
	h := &handed{address: "http://" + l.Addr().String() + path, fetched: make(chan struct{})}
	var once sync.Once
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first := false
		if r.URL.Path == path && r.Method == http.MethodGet && r.Host == l.Addr().String() {
			once.Do(func() { first = true })
		}
		if !first {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("Location", to.Reveal())
		w.WriteHeader(http.StatusFound)
		close(h.fetched)
	})}
	go func() { _ = server.Serve(l) }() // it returns when it is shut down
	h.close = func() {
		// Whoever has just fetched is still being answered.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = server.Shutdown(ctx)
	}
	return h, nil
}
