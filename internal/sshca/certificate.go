package sshca

import (
	"crypto"
	"net/netip"
	"strings"
	"time"
	"unicode"

	"golang.org/x/crypto/ssh"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/policy"
)

// backdate is how much earlier than its lease a certificate becomes valid, for
// servers whose clocks are behind.
const backdate = time.Minute

// maxPrincipals is how many OpenSSH takes in a certificate
// (SSHKEY_CERT_MAX_PRINCIPALS in its sshkey.h).
const maxPrincipals = 256

// checkOrder refuses what was not meant for an SSH issuer.
func checkOrder(o credential.Order) error {
	e := o.Entitlement
	switch {
	case o.Grant.Kind != grant.SSH || e.SSH == nil || e.AWS != nil:
		return fault.New(fault.Internal, "an order of kind %q for %q reached the issuer of SSH certificates", o.Grant.Kind, e.Name)
	case o.Grant.TTL() <= 0:
		return fault.New(fault.Internal, "an order for SSH has a lease of %s", o.Grant.TTL())
	case o.Grant.ID == "" || o.Grant.Ticket == "" || o.Grant.Principal == "":
		return fault.New(fault.Internal, "an order for SSH lacks its id, ticket or principal")
	}
	return nil
}

// newBody settles a certificate up to its nonce and signature.
func newBody(o credential.Order, public crypto.PublicKey, serial uint64, ca *key) (*ssh.Certificate, error) {
	subject, err := ssh.NewPublicKey(public)
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err, "encode the grant's key")
	}
	principals, err := principalsOf(o.Entitlement)
	if err != nil {
		return nil, err
	}
	permissions, err := permissionsOf(o.Entitlement)
	if err != nil {
		return nil, err
	}
	body := &ssh.Certificate{
		Nonce:           make([]byte, 32), // drawn when it is signed
		Key:             subject,
		Serial:          serial,
		CertType:        ssh.UserCert,
		KeyId:           o.Grant.SSHKeyID(),
		ValidPrincipals: principals,
		ValidAfter:      uint64(o.Grant.NotBefore.Add(-backdate).Unix()),
		ValidBefore:     uint64(o.Grant.ExpiresAt.Unix()),
		Permissions:     permissions,
		SignatureKey:    ca.public,
	}
	if n := len(signedPart(body)); ca.maxBody > 0 && n > ca.maxBody {
		return nil, fault.New(fault.Config, "the certificate of %s takes %d bytes, and the CA's key signs at most %d", o.Entitlement.Name, n, ca.maxBody).
			WithHint("shorten its logins, source addresses or force_command, or use an ECDSA key in KMS")
	}
	return body, nil
}

// principalsOf are the names that servers match. A certificate without any
// would be good for every login, so there must be one.
func principalsOf(e policy.Entitlement) ([]string, error) {
	if n := len(e.SSH.Logins); n == 0 || n > maxPrincipals {
		return nil, fault.New(fault.Config, "%s has %d logins; a certificate takes 1 to %d", e.Name, n, maxPrincipals)
	}
	var principals []string
	for _, login := range e.SSH.Logins {
		if !plainLogin(login) {
			return nil, fault.New(fault.Config, "%s: %q is not the name of a login", e.Name, login)
		}
		switch e.SSH.Principals {
		case "":
		case policy.PrincipalsScoped:
			login = e.Name + ":" + login
		default:
			return nil, fault.New(fault.Config, "%s: principals %q is not %s", e.Name, e.SSH.Principals, policy.PrincipalsScoped)
		}
		principals = append(principals, login)
	}
	return principals, nil
}

// plainLogin refuses what a list of principals could take for two, and the
// colon, with which a plain login could pass for a scoped one.
func plainLogin(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r == ',' || r == ':' || r == unicode.ReplacementChar || unicode.IsSpace(r) || unicode.IsControl(r)
	})
}

// permissionsOf are the critical options and extensions, exactly those that
// the policy names.
func permissionsOf(e policy.Entitlement) (ssh.Permissions, error) {
	p := ssh.Permissions{CriticalOptions: map[string]string{}, Extensions: map[string]string{}}
	for _, name := range e.SSH.Extensions {
		if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return p, fault.New(fault.Config, "%s: %q is not the name of an extension", e.Name, name)
		}
		p.Extensions[name] = ""
	}
	for _, address := range e.SSH.SourceAddresses {
		if err := checkAddress(e.Name, address); err != nil {
			return p, err
		}
	}
	if len(e.SSH.SourceAddresses) > 0 {
		p.CriticalOptions["source-address"] = strings.Join(e.SSH.SourceAddresses, ",")
	}
	if c := e.SSH.ForceCommand; c != "" {
		if strings.ContainsAny(c, "\x00\n\r") || strings.TrimSpace(c) == "" {
			return p, fault.New(fault.Config, "%s: force_command is not one line", e.Name)
		}
		p.CriticalOptions["force-command"] = c
	}
	return p, nil
}

// checkAddress takes what sshd takes: a network without host bits, since it
// refuses every login for 10.1.2.3/8, or a single address.
func checkAddress(name, address string) error {
	bad := fault.New(fault.Config, "%s: source address %q is neither an address nor a network such as 10.0.0.0/8", name, address)
	if a, err := netip.ParseAddr(address); err == nil {
		if a.Zone() != "" || a.Is4In6() {
			return bad
		}
		return nil
	}
	network, err := netip.ParsePrefix(address)
	if err != nil || network.Addr().Is4In6() {
		return bad
	}
	if masked := network.Masked(); masked != network {
		return bad.WithHint("sshd refuses a network with host bits; write %s", masked)
	}
	return nil
}

// signedPart is what a CA signs: the certificate up to its signature.
func signedPart(c *ssh.Certificate) []byte {
	bare := *c
	bare.Signature = nil
	b := bare.Marshal()
	return b[:len(b)-4] // without the length of the signature
}
