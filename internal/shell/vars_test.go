package shell

import (
	"encoding/json"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
)

var expires = time.Date(2026, 3, 2, 11, 30, 5, 123, time.FixedZone("CET", 3600))

func awsGrant() (credential.Held, credential.Credential) {
	held := credential.Held{Grant: grant.Grant{
		ID: "abcdefghijklmnopqrstuvwx23", Kind: grant.AWS, Entitlement: "prod-readonly", Ticket: "OPS-7",
		Lease: grant.Lease{ExpiresAt: expires},
	}}
	return held, credential.Credential{AWS: &credential.AWS{
		AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: credential.NewSecret("s/+=<&>"), SessionToken: credential.NewSecret("token=="),
		ExpiresAt: expires, Region: "eu-west-1",
	}}
}

func TestVarsOfAWS(t *testing.T) {
	t.Parallel()
	want := []Var{
		{"JIT_GRANT", "abcdefghijklmnopqrstuvwx23"},
		{"JIT_TICKET", "OPS-7"},
		{"JIT_ENTITLEMENT", "prod-readonly"},
		{"JIT_EXPIRES_AT", "1772447405"},
		{"AWS_ACCESS_KEY_ID", "ASIAEXAMPLE"},
		{"AWS_SECRET_ACCESS_KEY", "s/+=<&>"},
		{"AWS_SESSION_TOKEN", "token=="},
		{"AWS_SESSION_EXPIRATION", "2026-03-02T10:30:05Z"},
		{"AWS_CREDENTIAL_EXPIRATION", "2026-03-02T10:30:05Z"},
		{"JIT_AWS_KEY_ID", "ASIAEXAMPLE"},
	}
	region := []Var{{"AWS_REGION", "eu-west-1"}, {"AWS_DEFAULT_REGION", "eu-west-1"}}
	held, cred := awsGrant()
	if got := Vars(held, cred); !reflect.DeepEqual(got, append(want, region...)) {
		t.Errorf("got %v", names(got))
	}
	cred.AWS.Region = ""
	if got := Vars(held, cred); !reflect.DeepEqual(got, want) {
		t.Errorf("without a region: got %v", names(got))
	}
}

func TestVarsOfSSH(t *testing.T) {
	t.Parallel()
	held, _ := awsGrant()
	got := Vars(held, credential.Credential{SSH: &credential.SSH{PrivateKey: credential.NewSecret("pem")}})
	if fmt.Sprint(names(got)) != "[JIT_GRANT JIT_TICKET JIT_ENTITLEMENT JIT_EXPIRES_AT]" {
		t.Errorf("got %v", names(got))
	}
}

// An SSH grant takes away the keys of the one before, and no others.
func TestOverridingOfSSH(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		base []string
		want string
	}{
		"nothing":        {nil, "[]"},
		"the user's own": {[]string{"AWS_ACCESS_KEY_ID=AKIAMINE", "AWS_SECRET_ACCESS_KEY=x"}, "[]"},
		"jit's": {
			[]string{"AWS_ACCESS_KEY_ID=ASIAEXAMPLE", "JIT_AWS_KEY_ID=ASIAEXAMPLE"},
			"[AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_SESSION_EXPIRATION AWS_CREDENTIAL_EXPIRATION JIT_AWS_KEY_ID]",
		},
		"the user's after jit's":    {[]string{"JIT_AWS_KEY_ID=ASIAEXAMPLE", "AWS_ACCESS_KEY_ID=AKIAMINE"}, "[JIT_AWS_KEY_ID]"},
		"jit's, taken away by hand": {[]string{"JIT_AWS_KEY_ID=ASIAEXAMPLE"}, "[JIT_AWS_KEY_ID]"},
	} {
		if got := Overriding(grant.SSH, tt.base); fmt.Sprint(got) != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestLeftover(t *testing.T) {
	t.Parallel()
	const all = "AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_SESSION_EXPIRATION AWS_CREDENTIAL_EXPIRATION JIT_AWS_KEY_ID"
	for name, tt := range map[string]struct {
		base []string
		want string
	}{
		"nothing":                {nil, all},
		"jit's":                  {[]string{"AWS_ACCESS_KEY_ID=ASIAEXAMPLE", "JIT_AWS_KEY_ID=ASIAEXAMPLE"}, all},
		"the user's after jit's": {[]string{"AWS_ACCESS_KEY_ID=AKIAMINE", "JIT_AWS_KEY_ID=ASIAEXAMPLE"}, "JIT_AWS_KEY_ID"},
	} {
		if got := Leftover(tt.base); fmt.Sprint(got) != "[JIT_GRANT JIT_TICKET JIT_ENTITLEMENT JIT_EXPIRES_AT "+tt.want+"]" {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func names(vars []Var) []string {
	list := make([]string, len(vars))
	for i, v := range vars {
		list[i] = v.Name
	}
	return list
}

func TestVarsDoNotPrintTheirValues(t *testing.T) {
	t.Parallel()
	held, cred := awsGrant()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if out := fmt.Sprintf(verb, Vars(held, cred)); strings.Contains(out, "token==") {
			t.Errorf("%s shows a secret: %s", verb, out)
		}
	}
}

func TestEnviron(t *testing.T) {
	t.Parallel()
	base := []string{
		"PATH=/bin", "AWS_PROFILE=prod", "AWS_REGION=us-east-1", "AWS_SECURITY_TOKEN=old", "EMPTY=", "ODD", "A=b=c",
		"AWS_ACCESS_KEY_ID=old", "AWS_ACCESS_KEY_ID=older", "=C:=C:\\", "AWS_PROFILES=stays",
	}
	held, cred := awsGrant()
	cred.AWS.Region = ""
	vars := Vars(held, cred)
	got := Environ(base, vars, Overriding(grant.AWS, base)...)
	want := []string{"PATH=/bin", "AWS_REGION=us-east-1", "EMPTY=", "ODD", "A=b=c", "=C:=C:\\", "AWS_PROFILES=stays"}
	if !reflect.DeepEqual(got[:len(want)], want) || len(got) != len(want)+len(vars) {
		t.Errorf("kept %d entries, want %d and %d variables", len(got), len(want), len(vars))
	}
	seen := map[string]int{}
	for _, entry := range got {
		name, _, _ := strings.Cut(entry, "=")
		seen[name]++
	}
	if seen["AWS_ACCESS_KEY_ID"] != 1 || seen["AWS_PROFILE"] != 0 {
		t.Errorf("names in the environment: %v", seen)
	}
	if base[1] != "AWS_PROFILE=prod" {
		t.Error("the base was changed")
	}
	if runtime.GOOS != "windows" && len(Environ([]string{"aws_profile=x"}, nil, "AWS_PROFILE")) != 1 {
		t.Error("names differ in case here")
	}
}

func TestProcessJSON(t *testing.T) {
	t.Parallel()
	_, cred := awsGrant()
	got, err := ProcessJSON(*cred.AWS)
	want := `{"Version":1,"AccessKeyId":"ASIAEXAMPLE","SecretAccessKey":"s/+=<&>","SessionToken":"token==","Expiration":"2026-03-02T10:30:05Z"}`
	if err != nil || string(got) != want {
		t.Errorf("got  %s (%v)\nwant %s", got, err, want)
	}
	var decoded map[string]any
	if err := json.Unmarshal(got, &decoded); err != nil || len(decoded) != 5 {
		t.Errorf("%v, %v", decoded, err)
	}
}

func TestProcessJSONFitsOldSDKs(t *testing.T) {
	t.Parallel()
	_, cred := awsGrant()
	// What a session token without tags has come to, with room to spare.
	cred.AWS.AccessKeyID = strings.Repeat("A", 20)
	cred.AWS.SecretAccessKey = credential.NewSecret(strings.Repeat("s", 40))
	cred.AWS.SessionToken = credential.NewSecret(strings.Repeat("t", 800))
	if got, err := ProcessJSON(*cred.AWS); err != nil || len(got) > OldProcessLimit {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestProcessJSONRefusesHalfACredential(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*credential.AWS){
		"id":     func(c *credential.AWS) { c.AccessKeyID = "" },
		"key":    func(c *credential.AWS) { c.SecretAccessKey = credential.Secret{} },
		"token":  func(c *credential.AWS) { c.SessionToken = credential.Secret{} },
		"expiry": func(c *credential.AWS) { c.ExpiresAt = time.Time{} },
	} {
		_, cred := awsGrant()
		spoil(cred.AWS)
		out, err := ProcessJSON(*cred.AWS)
		if err == nil || out != nil || fault.ClassOf(err) != fault.Internal {
			t.Errorf("without its %s: %s, %v", name, out, err)
		}
	}
}
