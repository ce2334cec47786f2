package cmd

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/config"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/ownership"
)

const initLong = `Write a configuration, asking for what it needs and testing each answer.

Every question has a flag, so that a script can answer them all; without a
terminal nothing is asked. The Jira token is asked for, taken from
JIT_JIRA_TOKEN, or read by the command of --token-command.`

type initOptions struct {
	answers config.Config
	force   bool
	noTest  bool
}

func newInitCmd(a *app) *cobra.Command {
	o := &initOptions{}
	c := &cobra.Command{
		Use:   "init",
		Short: "Write a configuration, testing each answer",
		Long:  initLong + exitCodes(exitTicket, exitAuth, exitAudit, exitIssuer, exitConfig),
		Example: "  jit init\n  jit init --jira-url https://acme.atlassian.net --jira-email ada@acme.com \\\n" +
			"    --policy /etc/jit/policy.yaml --audit-log s3://acme-jit-audit/jit --wallet keyring",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.runInit(c.Context(), o) },
	}
	f := c.Flags()
	f.StringVar(&o.answers.Jira.URL, "jira-url", "", "base `URL` of Jira")
	f.StringVar(&o.answers.Jira.Email, "jira-email", "", "your `EMAIL` at Jira Cloud; leave out for a Data Center token")
	f.StringVar(&o.answers.Jira.TokenCommand, "token-command", "", "a `COMMAND` that prints the Jira token")
	f.StringVar(&o.answers.Policy, "policy", "", "the policy's file or directory `PATH`")
	f.StringVar(&o.answers.Audit.Log, "audit-log", "", "the audit log's `URL`: s3://BUCKET/PREFIX or file:///DIR")
	f.StringVar(&o.answers.AWS.Profile, "aws-profile", "", "AWS `PROFILE` whose identity assumes the roles")
	f.StringVar(&o.answers.AWS.Region, "aws-region", "", "AWS `REGION`")
	f.StringVar(&o.answers.SSH.CA, "ssh-ca", "", "the SSH CA's `URL`: file:///PATH, agent:SHA256:…, awskms:///KEY")
	f.StringVar(&o.answers.Wallet, "wallet", "", "where the wallet's key is: keyring or file")
	f.BoolVar(&o.force, "force", false, "replace a configuration that exists")
	f.BoolVar(&o.noTest, "no-test", false, "write the answers without testing them")
	return c
}

func (a *app) runInit(ctx context.Context, o *initOptions) error {
	path, err := a.env.Config(a.configFlag)
	if err != nil {
		return err
	}
	if o.answers.Policy != "" {
		// On a command line a path is relative to where one is; in the file it
		// would be relative to the file.
		if o.answers.Policy, err = filepath.Abs(a.env.Expand(o.answers.Policy, ".")); err != nil {
			return err
		}
	}
	i := newInterview(a, o, path)
	if err := i.mayReplace(ctx); err != nil {
		return err
	}
	for _, ask := range []func(context.Context) error{i.signIn, i.wallet, i.policy, i.aws, i.log, i.ca} {
		if err := ask(ctx); err != nil {
			return err
		}
	}
	if err := i.answers.Write(path); err != nil {
		return err
	}
	if _, err := config.Load(path, a.systemPath, a.env); err != nil {
		return fault.Wrap(fault.Config, err, "the configuration was written but does not load")
	}
	a.io.Note("wrote %s", path)
	a.io.Hint("check everything with jit doctor, then jit request KEY")
	return nil
}

// placeIsOurs refuses, before anything is asked, a place from which the
// configuration would not be read back.
func (i *interview) placeIsOurs() error {
	for dir := filepath.Dir(i.path); ; dir = filepath.Dir(dir) {
		err := ownership.Check(dir)
		if !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir) {
			return err
		}
	}
}

// mayReplace refuses to write over a configuration that nobody agreed to lose.
func (i *interview) mayReplace(ctx context.Context) error {
	if err := i.placeIsOurs(); err != nil {
		return err
	}
	_, err := os.Stat(i.path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && i.options.force {
		return nil
	}
	if err != nil {
		return fault.Wrap(fault.Config, err, "cannot look at %s", i.path)
	}
	if !i.app.io.Interactive() {
		return fault.New(fault.Usage, "there is a configuration at %s already", i.path).WithHint("replace it with --force")
	}
	yes, err := i.ask.Yes(ctx, "Replace the configuration at "+i.path+"?", false)
	if err == nil && !yes {
		err = fault.New(fault.Cancelled, "the configuration was kept")
	}
	return err
}
