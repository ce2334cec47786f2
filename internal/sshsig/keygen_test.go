package sshsig_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/jitaccess/jit/internal/sshsig"
)

const namespace = "jit-test"

// keygen is ssh-keygen and a directory for it. Without it the test is skipped,
// or fails where JIT_REQUIRE has the word ssh.
type keygen struct{ program, dir string }

func newKeygen(t *testing.T) *keygen {
	t.Helper()
	program, err := exec.LookPath("ssh-keygen")
	if err != nil {
		if slices.Contains(strings.Split(os.Getenv("JIT_REQUIRE"), ","), "ssh") {
			t.Fatal("ssh-keygen is not installed, and JIT_REQUIRE asks for ssh")
		}
		t.Skip("ssh-keygen is not installed")
	}
	return &keygen{program, t.TempDir()}
}

func (k *keygen) path(name string) string { return filepath.Join(k.dir, name) }

func (k *keygen) run(t *testing.T, stdin []byte, args ...string) ([]byte, error) {
	t.Helper()
	c := exec.Command(k.program, args...)
	c.Stdin = bytes.NewReader(stdin)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		err = fmt.Errorf("%w: %s%s", err, out, stderr.Bytes())
	}
	return out, err
}

// key makes a key pair of a type, and its line as an allowed signer.
func (k *keygen) key(t *testing.T, name, who string, typ ...string) (signer ssh.Signer, line string) {
	t.Helper()
	if _, err := k.run(t, nil, append([]string{"-q", "-N", "", "-C", "a comment", "-f", k.path(name), "-t"}, typ...)...); err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.ParsePrivateKey(k.read(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return signer, who + " " + strings.TrimSpace(string(k.read(t, name+".pub")))
}

func (k *keygen) read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(k.path(name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func (k *keygen) write(t *testing.T, name string, data []byte) string {
	t.Helper()
	if err := os.WriteFile(k.path(name), data, 0o600); err != nil {
		t.Fatal(err)
	}
	return k.path(name)
}

// verify asks ssh-keygen whether a signature holds.
func (k *keygen) verify(t *testing.T, allowed, who string, message, signature []byte) error {
	t.Helper()
	_, err := k.run(t, message, "-Y", "verify", "-n", namespace, "-I", who,
		"-f", k.write(t, "allowed", []byte(allowed+"\n")), "-s", k.write(t, "sig", signature))
	return err
}

// keyTypes are those that ssh-keygen makes without hardware.
func keyTypes() map[string][]string {
	return map[string][]string{
		"ed25519": {"ed25519"}, "rsa": {"rsa", "-b", "2048"},
		"p256": {"ecdsa", "-b", "256"}, "p384": {"ecdsa", "-b", "384"}, "p521": {"ecdsa", "-b", "521"},
	}
}

func TestWhatWeSignKeygenVerifies(t *testing.T) {
	t.Parallel()
	k := newKeygen(t)
	message := []byte("whole up to here\n")
	for name, typ := range keyTypes() {
		signer, line := k.key(t, name, "carol", typ...)
		signature, err := sshsig.Sign(signer, namespace, message)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := k.verify(t, line, "carol", message, signature); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := k.verify(t, line, "carol", []byte("whole up to there\n"), signature); err == nil {
			t.Errorf("%s: ssh-keygen verifies another message", name)
		}
	}
}

func TestWhatKeygenSignsWeVerify(t *testing.T) {
	t.Parallel()
	k := newKeygen(t)
	message := []byte("whole up to here\n")
	file := k.write(t, "message", message)
	for name, typ := range keyTypes() {
		_, line := k.key(t, name, `carol namespaces="jit-*"`, typ...)
		allowed, err := sshsig.ParseAllowed([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		for _, hash := range []string{"sha512", "sha256"} {
			if _, err := k.run(t, nil, "-q", "-Y", "sign", "-O", "hashalg="+hash, "-n", namespace, "-f", k.path(name), file); err != nil {
				t.Fatal(err)
			}
			who, err := sshsig.Verify(message, k.read(t, "message.sig"), namespace, allowed, time.Now())
			if err != nil || who.String() != "carol" {
				t.Errorf("%s, %s: %v, %v", name, hash, who, err)
			}
			if err := os.Remove(k.path("message.sig")); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A key that an agent holds, or KMS, is a signer like any other.
func TestAnAgentSigns(t *testing.T) {
	t.Parallel()
	k := newKeygen(t)
	for _, typ := range []string{"ed25519", "rsa"} {
		_, line := k.key(t, typ, "carol", typ)
		raw, err := ssh.ParseRawPrivateKey(k.read(t, typ))
		if err != nil {
			t.Fatal(err)
		}
		ring := agent.NewKeyring()
		if err := ring.Add(agent.AddedKey{PrivateKey: raw}); err != nil {
			t.Fatal(err)
		}
		signers, err := ring.Signers()
		if err != nil {
			t.Fatal(err)
		}
		signature, err := sshsig.Sign(signers[0], namespace, []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		if err := k.verify(t, line, "carol", []byte("x"), signature); err != nil {
			t.Error(err)
		}
	}
}

// Where the two read the same line, they must say the same of a signature.
func TestAllowedSignersMeanWhatTheyMeanToKeygen(t *testing.T) {
	t.Parallel()
	k := newKeygen(t)
	signer, line := k.key(t, "key", "", "ed25519")
	message := []byte("x")
	signature, err := sshsig.Sign(signer, namespace, message)
	if err != nil {
		t.Fatal(err)
	}
	_, other := k.key(t, "other", "", "ed25519")
	for options, holds := range map[string]bool{
		"carol":                                     true,
		"carol,bob":                                 true,
		`"carol"`:                                   true,
		`carol namespaces="jit-test"`:               true,
		`carol namespaces="git,jit-test"`:           true,
		`carol namespaces="jit-?est"`:               true,
		`carol namespaces="git,file"`:               false,
		`carol NAMESPACES="jit-test"`:               true,
		`carol valid-after="20200101Z"`:             true,
		`carol valid-after="29990101"`:              false,
		`carol valid-before="202001011200Z"`:        false,
		`carol valid-before="29990101123000"`:       true,
		`carol valid-after="20200101",namespaces=x`: false,
	} {
		text := options + " " + strings.TrimSpace(line)
		kept := k.verify(t, text, "carol", message, signature) == nil
		allowed, err := sshsig.ParseAllowed([]byte("# who may sign\n\n" + text + "\n"))
		if err != nil {
			t.Errorf("%s: %v", options, err)
			continue
		}
		_, err = sshsig.Verify(message, signature, namespace, allowed, time.Now())
		if kept != holds || (err == nil) != holds {
			t.Errorf("%s: ssh-keygen says %v, we %v; want %v", options, kept, err, holds)
		}
	}
	if k.verify(t, "carol "+strings.TrimSpace(other), "carol", message, signature) == nil {
		t.Error("another key verifies")
	}
}
