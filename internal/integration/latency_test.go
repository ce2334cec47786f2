package integration

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// mostRoundTrips is what a cold request may cost: TCP, TLS, Jira, and minting
// beside recording, with half a trip for what the clock and the kernel add.
const mostRoundTrips = 4.5

// latencyRuns is how many requests a median is taken of.
const latencyRuns = 5

// Where the tool puts servers, and where a client dials to reach them with the
// delay.
const (
	farListen = "127.9.0.1"
	farDial   = "127.9.0.2"
)

// rttTool is the path of the tool that runs a command in a network where a
// round trip costs what it is told.
func rttTool(t testing.TB) string {
	t.Helper()
	tool := os.Getenv("JIT_RTT")
	if tool == "" {
		tool = filepath.Join(moduleRoot, "..", "shared", "tools", "rtt")
	}
	_, err := os.Stat(tool)
	need(t, "rtt", err == nil, tool+" is missing")
	need(t, "rtt", os.Geteuid() == 0, "a network namespace needs root")
	_, err = os.Stat("/dev/net/tun")
	need(t, "rtt", err == nil, "/dev/net/tun is missing")
	needTools(t, "rtt", "ip", "unshare", "sysctl")
	return tool
}

// scenario is one kind of cold request.
type scenario struct {
	name        string
	entitlement string
	cached      bool // the head of the chain is known
}

func scenarios() []scenario {
	return []scenario{
		{"aws-first", "data", false},
		{"aws-cached", "data", true},
		{"ssh-kms-first", "bastion", false},
		{"ssh-kms-cached", "bastion", true},
	}
}

// BenchmarkRoundTrips reports what a cold request costs in round trips: its
// time at 200 ms less its time at 100 ms, in tenths of a second.
func BenchmarkRoundTrips(b *testing.B) {
	tool, jit := rttTool(b), jitBinary(b)
	var near, far map[string]time.Duration
	for b.Loop() {
		near, far = measureAt(b, tool, jit, 100), measureAt(b, tool, jit, 200)
	}
	for _, s := range scenarios() {
		trips := float64(far[s.name]-near[s.name]) / float64(100*time.Millisecond)
		b.Logf("%-15s %.2f round trips (medians %v and %v)", s.name, trips,
			near[s.name].Round(time.Millisecond), far[s.name].Round(time.Millisecond))
		b.ReportMetric(trips, s.name+"-roundtrips")
		if trips > mostRoundTrips {
			b.Errorf("%s takes %.2f round trips, and %.1f is the most", s.name, trips, mostRoundTrips)
		}
	}
}

// measureAt runs TestFarAway in a network of this round-trip time and returns
// the medians by scenario.
func measureAt(b *testing.B, tool, jit string, rttMS int) map[string]time.Duration {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	out := filepath.Join(runDir, "rtt-"+strconv.Itoa(rttMS)+".json")
	c := exec.Command(tool, strconv.Itoa(rttMS), self, "-test.run=^TestFarAway$", "-test.timeout=5m")
	c.Env = append(os.Environ(), "JIT_FAR_AWAY="+out, "JIT_BINARY="+jit)
	c.Dir = filepath.Join(moduleRoot, "internal", "integration")
	if said, err := c.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, said)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		b.Fatal(err)
	}
	medians := map[string]time.Duration{}
	if err := json.Unmarshal(text, &medians); err != nil {
		b.Fatal(err)
	}
	return medians
}

// TestFarAway is BenchmarkRoundTrips' other half, inside the network.
func TestFarAway(t *testing.T) {
	out := os.Getenv("JIT_FAR_AWAY")
	if out == "" {
		t.Skip("only runs for BenchmarkRoundTrips")
	}
	w := newWorld(t)
	w.listen, w.dial = farListen, farDial
	w.tls, w.trustFile = w.certificate()
	w.kmsCA()
	w.start()
	medians := map[string]time.Duration{}
	for _, s := range scenarios() {
		medians[s.name] = w.cold(s)
	}
	text, err := json.Marshal(medians)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, out, string(text))
}

// cold times requests of a scenario and returns the median.
func (w *world) cold(s scenario) time.Duration {
	w.t.Helper()
	w.fresh(s.name)
	if s.cached {
		w.request(s.entitlement)
	}
	var times []time.Duration
	for i := range latencyRuns {
		if !s.cached {
			w.fresh(fmt.Sprint(s.name, i))
		}
		begin := time.Now()
		w.request(s.entitlement)
		times = append(times, time.Since(begin))
	}
	return median(times)
}

// certificate makes a CA and a server certificate for where jit dials, TLS 1.3
// alone, and returns the file that the CA is in.
func (w *world) certificate() (*tls.Config, string) {
	w.t.Helper()
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "CA of the tests"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "far away"},
		NotBefore: ca.NotBefore, NotAfter: ca.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses: []net.IP{net.ParseIP(w.dial)},
	}
	caKey, leafKey := newKey(w.t), newKey(w.t)
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		w.t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, ca, leafKey.Public(), caKey)
	if err != nil {
		w.t.Fatal(err)
	}
	w.write("ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER})))
	return &tls.Config{
		MinVersion:   tls.VersionTLS13,
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: leafKey}},
	}, w.path("ca.pem")
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
