package wallet

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/grant"
)

// payload is what is sealed: a credential with its secrets revealed, which is
// why it is a type of its own. Secrets are bytes, since JSON would mend a
// string that is not UTF-8.
type payload struct {
	AWS *awsPayload `json:"aws,omitempty"`
	SSH *sshPayload `json:"ssh,omitempty"`
}

type awsPayload struct {
	AccessKeyID     string    `json:"access_key_id"`
	SecretAccessKey []byte    `json:"secret_access_key"`
	SessionToken    []byte    `json:"session_token"`
	ExpiresAt       time.Time `json:"expires_at"`
	RoleARN         string    `json:"role_arn"`
	AssumedRoleARN  string    `json:"assumed_role_arn"`
	Region          string    `json:"region"`
}

type sshPayload struct {
	PrivateKey  []byte    `json:"private_key"`
	Certificate string    `json:"certificate"`
	Logins      []string  `json:"logins"`
	Hosts       []string  `json:"hosts"`
	Serial      uint64    `json:"serial,string"`
	KeyID       string    `json:"key_id"`
	ExpiresAt   time.Time `json:"expires_at"`
}

var errKind = errors.New("the credential is not of the kind that the grant says")

// kindOf returns the kind of a credential, which must be of exactly one.
func kindOf(c credential.Credential) (grant.Kind, error) {
	switch {
	case c.AWS != nil && c.SSH == nil:
		return grant.AWS, nil
	case c.SSH != nil && c.AWS == nil:
		return grant.SSH, nil
	}
	return "", errKind
}

func encodePayload(c credential.Credential) ([]byte, error) {
	var p payload
	if a := c.AWS; a != nil {
		p.AWS = &awsPayload{
			AccessKeyID:     a.AccessKeyID,
			SecretAccessKey: []byte(a.SecretAccessKey.Reveal()),
			SessionToken:    []byte(a.SessionToken.Reveal()),
			ExpiresAt:       a.ExpiresAt,
			RoleARN:         a.RoleARN,
			AssumedRoleARN:  a.AssumedRoleARN,
			Region:          a.Region,
		}
	}
	if s := c.SSH; s != nil {
		p.SSH = &sshPayload{
			PrivateKey:  []byte(s.PrivateKey.Reveal()),
			Certificate: s.Certificate,
			Logins:      s.Logins,
			Hosts:       s.Hosts,
			Serial:      s.Serial,
			KeyID:       s.KeyID,
			ExpiresAt:   s.ExpiresAt,
		}
	}
	return json.Marshal(p)
}

func decodePayload(b []byte, kind grant.Kind) (credential.Credential, error) {
	var p payload
	if err := json.Unmarshal(b, &p); err != nil {
		return credential.Credential{}, errors.New("what was sealed is not a credential")
	}
	var c credential.Credential
	if a := p.AWS; a != nil {
		c.AWS = &credential.AWS{
			AccessKeyID:     a.AccessKeyID,
			SecretAccessKey: credential.NewSecret(string(a.SecretAccessKey)),
			SessionToken:    credential.NewSecret(string(a.SessionToken)),
			ExpiresAt:       a.ExpiresAt,
			RoleARN:         a.RoleARN,
			AssumedRoleARN:  a.AssumedRoleARN,
			Region:          a.Region,
		}
	}
	if s := p.SSH; s != nil {
		c.SSH = &credential.SSH{
			PrivateKey:  credential.NewSecret(string(s.PrivateKey)),
			Certificate: s.Certificate,
			Logins:      s.Logins,
			Hosts:       s.Hosts,
			Serial:      s.Serial,
			KeyID:       s.KeyID,
			ExpiresAt:   s.ExpiresAt,
		}
	}
	if got, err := kindOf(c); err != nil || got != kind {
		return credential.Credential{}, errKind
	}
	return c, nil
}
