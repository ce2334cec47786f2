package sshca

import (
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/policy"
)

// goServer is an SSH server that trusts a CA, and runs nothing.
type goServer struct {
	addr string
	host ssh.PublicKey
}

func startGoServer(t *testing.T, ca ssh.PublicKey, now func() time.Time) goServer {
	t.Helper()
	checker := &ssh.CertChecker{
		IsUserAuthority:          func(k ssh.PublicKey) bool { return string(k.Marshal()) == string(ca.Marshal()) },
		SupportedCriticalOptions: []string{"force-command"},
		Clock:                    now,
	}
	host, err := ssh.NewSignerFromSigner(newPrivate(t, "ed25519"))
	if err != nil {
		t.Fatal(err)
	}
	config := &ssh.ServerConfig{PublicKeyCallback: checker.Authenticate}
	config.AddHostKey(host)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { l.Close(); <-done })
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serveSSH(c, config)
		}
	}()
	return goServer{addr: l.Addr().String(), host: host.PublicKey()}
}

func serveSSH(c net.Conn, config *ssh.ServerConfig) {
	defer c.Close()
	conn, channels, requests, err := ssh.NewServerConn(c, config)
	if err != nil {
		return
	}
	defer conn.Close()
	go ssh.DiscardRequests(requests)
	for ch := range channels {
		_ = ch.Reject(ssh.Prohibited, "nothing runs here")
	}
}

func (s goServer) login(t *testing.T, user string, key *credential.SSH) error {
	t.Helper()
	client, err := ssh.Dial("tcp", s.addr, &ssh.ClientConfig{
		User:            user,
		Auth:            []ssh.AuthMethod{ssh.PublicKeys(clientSigner(t, key))},
		HostKeyCallback: ssh.FixedHostKey(s.host),
	})
	if err != nil {
		return err
	}
	return client.Close()
}

func TestServerAcceptsAndRefuses(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"ed25519", "p256", "p384", "p521", "rsa"} {
		ca := newPrivate(t, kind)
		at := func(d time.Duration) goServer { return startGoServer(t, sshPublic(t, ca), fixed(epoch.Add(d))) }
		now := at(time.Minute)
		plain := sshOrder(epoch, nil)
		here := sshOrder(epoch, func(p *policy.SSH) { p.SourceAddresses = []string{"10.0.0.0/8", "127.0.0.0/8"} })
		single := sshOrder(epoch, func(p *policy.SSH) { p.SourceAddresses = []string{"127.0.0.1"} })
		elsewhere := sshOrder(epoch, func(p *policy.SSH) { p.SourceAddresses = []string{"10.0.0.0/8"} })
		forced := sshOrder(epoch, func(p *policy.SSH) { p.ForceCommand = "/bin/true" })
		scoped := sshOrder(epoch, func(p *policy.SSH) { p.Principals = policy.PrincipalsScoped })
		issuer, other := fileIssuer(t, fixed(epoch), ca), fileIssuer(t, fixed(epoch), newPrivate(t, kind))
		for _, c := range []struct {
			name   string
			server goServer
			user   string
			ok     bool
			key    *credential.SSH
		}{
			{"a login of the policy", now, "ops", true, first(mint(t, issuer, plain))},
			{"another login", now, "root", false, first(mint(t, issuer, plain))},
			{"a clock that is a minute behind", at(-time.Minute), "ops", true, first(mint(t, issuer, plain))},
			{"a clock that is further behind", at(-61 * time.Second), "ops", false, first(mint(t, issuer, plain))},
			{"the last second", at(time.Hour - time.Second), "ops", true, first(mint(t, issuer, plain))},
			{"an expired certificate", at(time.Hour), "ops", false, first(mint(t, issuer, plain))},
			{"this source address", now, "ops", true, first(mint(t, issuer, here))},
			{"this single address", now, "ops", true, first(mint(t, issuer, single))},
			{"another source address", now, "ops", false, first(mint(t, issuer, elsewhere))},
			{"a forced command", now, "ops", true, first(mint(t, issuer, forced))},
			{"a scoped principal as a login", now, "ops", false, first(mint(t, issuer, scoped))},
			{"a scoped principal", now, "bastion:ops", true, first(mint(t, issuer, scoped))},
			{"another CA", now, "ops", false, first(mint(t, other, plain))},
		} {
			if err := c.server.login(t, c.user, c.key); c.ok != (err == nil) {
				t.Errorf("CA of %s, %s: %v", kind, c.name, err)
			} else if err != nil && !strings.Contains(err.Error(), "unable to authenticate") {
				t.Errorf("CA of %s, %s: failed before it was refused: %v", kind, c.name, err)
			}
		}
	}
}

func first(key *credential.SSH, _ credential.Facts) *credential.SSH { return key }
