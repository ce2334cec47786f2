// Package s3server runs a real S3 server inside a test process: versitygw with
// conditional writes, versions, Object Lock and IAM, and beside it an STS whose
// sessions the server holds to role ∩ session policy, until they expire.
package s3server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
	"github.com/versity/versitygw/iamapi"
	"github.com/versity/versitygw/iamapi/private"
	"github.com/versity/versitygw/iamapi/storage"
	"github.com/versity/versitygw/s3api"

	"github.com/jitaccess/jit/internal/sandbox/fakests"
	"github.com/jitaccess/jit/internal/sandbox/sigv4"
)

// Account is the one account that the gateway knows; ARNs of roles and users
// must name it.
const Account = "000000000000"

// Region is the gateway's.
const Region = "eu-west-1"

// Server is the gateway and its STS. S3 and STS are handlers, so that a test
// can serve them with or without TLS, and put something in front of them.
type Server struct {
	S3  http.Handler
	STS http.Handler
	// Trust has the roles that can be assumed; AddRole adds to it.
	Trust *fakests.Server
	// Keys are the keys that STS accepts.
	Keys *sigv4.Keyring
	// Root may do everything in S3.
	Root sigv4.Key

	store storage.Storer
	dir   string
	stop  context.CancelFunc
	done  chan error
}

// Start runs the gateway until Close. A process can run one, and its working
// directory moves into the gateway's data.
func Start(ctx context.Context) (*Server, error) {
	// The path of a Unix socket holds about a hundred bytes: too few for a
	// test's own temporary directory.
	dir, err := os.MkdirTemp("", "s3-")
	if err != nil {
		return nil, err
	}
	keys := sigv4.NewKeyring()
	s := &Server{
		Keys: keys, Trust: fakests.New(keys, time.Now), Root: keys.NewUserKey(Account, "root"),
		dir: dir, done: make(chan error, 2),
	}
	if s.store, err = storage.NewInternal(dir); err != nil {
		return nil, err
	}
	ctx, s.stop = context.WithCancel(ctx)
	if err := s.run(ctx); err != nil {
		s.stop()
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	s.S3 = proxy(s.socket("s3"))
	s.STS = http.HandlerFunc(s.assume)
	return s, nil
}

func (s *Server) socket(name string) string { return filepath.Join(s.dir, name+".sock") }

// run starts the service that knows identities, then the gateway that asks it.
func (s *Server) run(ctx context.Context) error {
	identities, err := private.New(s.store,
		iamapi.RootCredentials{Access: s.Root.ID, Secret: s.Root.Secret}, private.WithPrivateQuiet())
	if err != nil {
		return err
	}
	go func() { s.done <- serve(identities.ServeMultiPort, s.socket("iam")) }()
	context.AfterFunc(ctx, func() { _ = identities.Shutdown() })
	if err := s.waitFor(ctx, "iam"); err != nil {
		return err
	}
	data, versions := filepath.Join(s.dir, "data"), filepath.Join(s.dir, "versions")
	if err := errors.Join(os.Mkdir(data, 0o700), os.Mkdir(versions, 0o700)); err != nil {
		return err
	}
	backend, err := posix.New(data, meta.XattrMeta{}, posix.PosixOpts{
		VersioningDir: versions, NewDirPerm: 0o700, NewFilePerm: 0o600, Concurrency: 100,
	})
	if err != nil {
		return err
	}
	listening := make(chan struct{})
	go func() {
		s.done <- embedgw.RunVersityGW(ctx, backend, &embedgw.Config{
			RootUserAccess: s.Root.ID, RootUserSecret: s.Root.Secret, Region: Region,
			Ports:          []string{s.socket("s3")},
			MaxConnections: 1000, MaxRequests: 1000, MultipartMaxParts: 100,
			StandaloneIAMEndpoint: s.socket("iam"),
			Quiet:                 true, KeepAlive: true,
			S3Options: []s3api.Option{s3api.WithOnListen(func() { close(listening) })},
		})
	}()
	select {
	case <-listening:
		return s.waitFor(ctx, "s3")
	case err := <-s.done:
		return fmt.Errorf("the gateway did not start: %w", err)
	}
}

// serve calls a method whose last parameter has a type that cannot be named
// from here, with its zero value: no TLS on a Unix socket.
func serve[T any](method func([]string, T) error, addr string) error {
	var none T
	return method([]string{addr}, none)
}

// waitFor returns once the socket accepts connections.
func (s *Server) waitFor(ctx context.Context, name string) error {
	var dialer net.Dialer
	for range 500 {
		if c, err := dialer.DialContext(ctx, "unix", s.socket(name)); err == nil {
			return c.Close()
		}
		select {
		case err := <-s.done:
			return fmt.Errorf("%s did not start: %w", name, err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	return fmt.Errorf("%s does not listen", name)
}

// Close stops everything and removes the data.
func (s *Server) Close() error {
	s.stop()
	<-s.done
	<-s.done
	return os.RemoveAll(s.dir)
}

// proxy hands requests on as they came, Host included, since it is signed.
func proxy(socket string) http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: r.In.Host})
			r.Out.Host = r.In.Host
		},
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "unix", socket)
			},
			DisableCompression: true, MaxIdleConnsPerHost: 100,
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			w.WriteHeader(http.StatusBadGateway)
			_, _ = io.WriteString(w, err.Error())
		},
	}
}
