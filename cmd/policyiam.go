package cmd

import (
	"context"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/crypto/ssh"

	"github.com/jitaccess/jit/internal/auditlog"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/iam"
	"github.com/jitaccess/jit/internal/policy"
)

const policyIAMLong = `Print what AWS and the hosts must have in place for the policy to hold.

As one JSON object: for each role its trust policy, which lets in only sessions
with the name, tags and source identity that jit gives them, its longest session
and an inline policy that keeps its sessions from assuming other roles; for a
log on S3 the bucket's policy, by which a record is created where none is, never
changed and never removed; for SSH the files of sshd. docs/deploy/aws is a
module of Terraform that takes it.

--caller names the users and roles that jit runs as. --principal-tag is the tag
on their identities that has their id as the log writes it: with it nobody can
name somebody else or write on another's chain.

The policy is that of the configuration, or of PATH; what is not named by a flag
comes from the configuration. Nothing is changed anywhere.`

type policyIAMOptions struct {
	callers, readers, checkpointers []string
	principalTag, log, ca           string
}

func newPolicyIAMCmd(a *app) *cobra.Command {
	var o policyIAMOptions
	c := &cobra.Command{
		Use:   "iam [PATH]",
		Short: "Print what AWS and the hosts must have in place",
		Long:  policyIAMLong + exitCodes(exitIssuer, exitConfig),
		Example: "  jit policy iam --caller arn:aws:iam::111122223333:role/engineer --principal-tag jit-writer\n" +
			"  jit policy iam policy.yaml --caller arn:aws:iam::111122223333:root --log s3://acme-audit/jit --ca ca.pub",
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return a.policyIAM(c.Context(), o, args) },
	}
	f := c.Flags()
	f.StringSliceVar(&o.callers, "caller", nil, "`ARN` of a user, role or account that jit runs as; may be repeated")
	f.StringVar(&o.principalTag, "principal-tag", "", "`TAG` on the callers' identities that has their id as the log writes it")
	f.StringSliceVar(&o.readers, "reader", nil, "`ARN` of who may read all of the log; may be repeated")
	f.StringSliceVar(&o.checkpointers, "checkpointer", nil, "`ARN` of who may write signed heads of the log; may be repeated")
	f.StringVar(&o.log, "log", "", "`ADDRESS` of the audit log")
	f.StringVar(&o.ca, "ca", "", "`FILE` with the public key of the SSH CA")
	return c
}

// deployment is what policy iam prints.
type deployment struct {
	Roles []iam.Role     `json:"roles"`
	Log   *deploymentLog `json:"log,omitempty"`
	SSH   *iam.SSH       `json:"ssh,omitempty"`
}

type deploymentLog struct {
	Bucket string       `json:"bucket"`
	Prefix string       `json:"prefix"`
	Policy iam.Document `json:"bucket_policy"`
}

func (a *app) policyIAM(ctx context.Context, o policyIAMOptions, args []string) error {
	p, err := a.policyAt(args)
	if err != nil {
		return err
	}
	ents := p.Entitlements()
	callers := iam.Callers{ARNs: o.callers, PrincipalTag: o.principalTag}
	out := deployment{Roles: iam.Roles(ents, callers)}
	if err := o.check(len(out.Roles) > 0); err != nil {
		return err
	}
	if out.Log, err = a.deploymentLog(o, args, callers); err != nil {
		return err
	}
	if hosts, ok := iam.Hosts(ents, ""); ok {
		ca, err := a.caLine(ctx, o, args)
		if err != nil {
			return err
		}
		hosts.TrustedUserCAKeys = ca + "\n"
		out.SSH = &hosts
	}
	return writeJSON(a.io.Out, out)
}

func (o policyIAMOptions) check(roles bool) error {
	if len(o.callers) == 0 && (roles || o.log != "") {
		return fault.New(fault.Usage, "--caller is missing").WithHint("name the users and roles that jit runs as, such as arn:aws:iam::111122223333:role/engineer")
	}
	for _, arns := range [][]string{o.callers, o.readers, o.checkpointers} {
		for _, arn := range arns {
			if parts := strings.SplitN(arn, ":", 6); len(parts) != 6 || parts[0] != "arn" || parts[5] == "" {
				return fault.New(fault.Usage, "%q is no ARN", arn).WithHint("such as arn:aws:iam::111122223333:role/engineer")
			}
		}
	}
	if strings.ContainsAny(o.principalTag, "${}*? ") {
		return fault.New(fault.Usage, "%q cannot be the name of a tag", o.principalTag)
	}
	return nil
}

// policyAt is the policy at a path, or that of the configuration.
func (a *app) policyAt(args []string) (*policy.Policy, error) {
	if len(args) > 0 {
		return policy.Load(args[0])
	}
	cfg, err := a.loadConfig()
	if err != nil {
		return nil, err
	}
	return a.loadPolicy(cfg)
}

// deploymentLog is what the log's bucket must have; nil for a log on disk, and where
// none is named beside a policy of its own.
func (a *app) deploymentLog(o policyIAMOptions, args []string, callers iam.Callers) (*deploymentLog, error) {
	address := o.log
	if address == "" && len(args) == 0 {
		cfg, err := a.loadConfig()
		if err != nil {
			return nil, err
		}
		address = cfg.Audit.Log
	}
	if address == "" {
		return nil, nil
	}
	bucket, prefix, ok, err := auditlog.Bucket(address)
	if err != nil || !ok {
		return nil, err
	}
	if len(callers.ARNs) == 0 {
		return nil, o.check(true)
	}
	b := iam.Bucket{Name: bucket, Prefix: prefix, Partition: strings.SplitN(callers.ARNs[0], ":", 3)[1], Readers: o.readers, Checkpointers: o.checkpointers}
	return &deploymentLog{Bucket: bucket, Prefix: prefix, Policy: iam.Log(b, callers)}, nil
}

// caLine is the public key of the CA: from the file that was named, or from the CA
// of the configuration.
func (a *app) caLine(ctx context.Context, o policyIAMOptions, args []string) (string, error) {
	if o.ca == "" && len(args) > 0 {
		return "", fault.New(fault.Usage, "--ca is missing").WithHint("name a file with the public key of the SSH CA")
	}
	if o.ca == "" {
		w, err := a.wire()
		if err != nil {
			return "", err
		}
		ca, err := w.ca(ctx)
		if err != nil {
			return "", err
		}
		return ca.PublicKey(ctx)
	}
	text, err := os.ReadFile(o.ca)
	if err != nil {
		return "", fault.Wrap(fault.Config, err, "the CA's public key cannot be read")
	}
	public, comment, _, _, err := ssh.ParseAuthorizedKey(text)
	if err != nil {
		return "", fault.New(fault.Config, "%s is no public key of SSH", o.ca).WithHint("it has one line, such as that of ca.pub")
	}
	return strings.TrimSpace(strings.TrimSpace(string(ssh.MarshalAuthorizedKey(public))) + " " + comment), nil
}
