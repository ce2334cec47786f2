package cmd

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/jitaccess/jit/internal/config"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/keyring"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/internal/terminal"
)

// interview asks for a configuration one answer at a time. An answer that came
// by a flag is not asked for; one that fails its test is asked for again on a
// terminal, and ends the command elsewhere.
type interview struct {
	app     *app
	options *initOptions
	ask     *terminal.Asker
	path    string
	answers config.Config
	before  config.Jira // what was answered before an answer failed
	secret  credential.Secret
	loaded  *policy.Policy
}

func newInterview(a *app, o *initOptions, path string) *interview {
	return &interview{app: a, options: o, ask: terminal.NewAsker(a.io), path: path, answers: o.answers}
}

// question asks for one value until its test holds, or until the user keeps
// one whose test may fail for now, such as that of a service out of reach.
func (i *interview) question(ctx context.Context, value *string, text, def string, test func(context.Context, string) error) error {
	given := *value != ""
	for {
		if !given {
			answer, err := i.answer(ctx, text, def)
			if err != nil {
				return err
			}
			*value = answer
		}
		err := test(ctx, *value)
		if err == nil || given && !i.app.io.Interactive() || ctx.Err() != nil {
			return err
		}
		if !i.app.io.Interactive() {
			return err
		}
		i.app.io.Error(err.Error(), fault.HintOf(err))
		if kept, err := i.keepAnyway(ctx, err); err != nil || kept {
			return err
		}
		given = false
	}
}

// keepAnyway offers to keep an answer that failed because of somebody else: a
// log, a CA or AWS that cannot be reached now. A wrong answer is never kept.
func (i *interview) keepAnyway(ctx context.Context, failed error) (bool, error) {
	switch fault.ClassOf(failed) {
	case fault.Audit, fault.Issuer, fault.Auth, fault.Ticket:
		return i.ask.Yes(ctx, "Keep this answer all the same?", false)
	}
	return false, nil
}

// answer asks on a terminal; elsewhere a question with a default takes it.
func (i *interview) answer(ctx context.Context, text, def string) (string, error) {
	if !i.app.io.Interactive() && def != "" {
		return def, nil
	}
	return i.ask.Line(ctx, text, def)
}

// signIn asks where Jira is and who asks, and proves it with the token. What is
// wrong may be any of the three, so all are asked for again, with the answers
// given so far to fall back on.
func (i *interview) signIn(ctx context.Context) error {
	given := i.options.answers.Jira
	for {
		if err := i.jira(ctx); err != nil {
			return err
		}
		err := i.token(ctx)
		if err == nil || !i.app.io.Interactive() || ctx.Err() != nil || fault.ClassOf(err) == fault.Cancelled {
			return err
		}
		i.app.io.Error(err.Error(), fault.HintOf(err))
		if fault.ClassOf(err) == fault.Ticket { // an outage: the answers may be right
			if kept, err := i.keepAnyway(ctx, err); err != nil || kept {
				return err
			}
		}
		i.before, i.answers.Jira = i.answers.Jira, given
		i.answers.Jira.URL, i.answers.Jira.Email = "", ""
	}
}

func (i *interview) jira(ctx context.Context) error {
	err := i.question(ctx, &i.answers.Jira.URL, "Jira's URL", i.before.URL, func(_ context.Context, s string) error {
		return config.CheckURL("jira.url", s)
	})
	if err != nil || i.answers.Jira.Email != "" || !i.app.io.Interactive() {
		return err
	}
	text := "Your e-mail at Jira Cloud (leave empty for Data Center)"
	if u, err := url.Parse(i.answers.Jira.URL); err == nil && strings.HasSuffix(u.Hostname(), ".atlassian.net") {
		text = "Your e-mail at Jira Cloud"
	}
	i.answers.Jira.Email, err = i.ask.Line(ctx, text, i.before.Email)
	return err
}

// token finds a token, proves it, and keeps one that was typed.
func (i *interview) token(ctx context.Context) error {
	if i.options.noTest {
		return nil
	}
	typed := i.answers.Jira.TokenCommand == "" && i.app.env.JiraToken.Empty()
	token, err := i.findToken(ctx, typed)
	if err != nil {
		return err
	}
	who, err := i.app.tryToken(ctx, &i.answers, token)
	if err != nil {
		return err
	}
	i.app.io.Note("Jira knows you as %s", shown(who.Name))
	i.secret = token
	return i.keepToken(ctx, typed)
}

func (i *interview) findToken(ctx context.Context, typed bool) (credential.Secret, error) {
	if typed {
		return i.app.readToken(ctx, "Jira token (it is not shown)")
	}
	return i.app.token(ctx, &i.answers)
}

// keepToken puts a typed token into the keyring. Without a keyring the
// configuration is still written, and the user told how to give the token.
func (i *interview) keepToken(ctx context.Context, typed bool) error {
	if !typed {
		return nil
	}
	if err := i.app.keyring(keyring.TokenFallback).Set(ctx, keyring.Service, tokenAccount(&i.answers), i.secret); err != nil {
		i.app.io.Warn("the token was not kept: %v", err)
		i.app.io.Hint("set JIT_JIRA_TOKEN, or jira.token_command in the configuration")
	}
	return nil
}

func (i *interview) wallet(ctx context.Context) error {
	if i.answers.Wallet == "" && !i.app.io.Interactive() {
		i.answers.Wallet = config.WalletKeyring
	}
	text := "Keep the wallet's key in the OS keyring, or in a file beside it that other users cannot read"
	return i.question(ctx, &i.answers.Wallet, text, config.WalletKeyring, func(ctx context.Context, s string) error {
		if s != config.WalletKeyring && s != config.WalletFile {
			return fault.New(fault.Config, "%q is neither keyring nor file", s)
		}
		if i.options.noTest {
			return nil
		}
		return i.app.tryWallet(ctx, s)
	})
}

func (i *interview) policy(ctx context.Context) error {
	dir := filepath.Dir(i.path)
	return i.question(ctx, &i.answers.Policy, "The policy's file or directory", filepath.Join(dir, "policy.yaml"), func(ctx context.Context, s string) error {
		path := i.app.env.Expand(s, dir)
		if err := i.offerPolicy(ctx, path); err != nil {
			return err
		}
		loaded, err := policy.Load(path)
		if err == nil {
			i.loaded = loaded
		} else if i.options.noTest {
			return nil
		}
		return err
	})
}

// starterPolicy is what init offers to write where there is no policy: one
// harmless entitlement to copy from.
const starterPolicy = `version: 1
entitlements:
  example-readonly:
    description: Read-only in one account; change everything here
    ticket:
      projects: [OPS]
      status_categories: [indeterminate]   # work has begun and is not done
    lease: {default: 15m, max: 1h}
    aws: {role_arn: "arn:aws:iam::111122223333:role/jit-example"}
`

func (i *interview) offerPolicy(ctx context.Context, path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) || !i.app.io.Interactive() {
		return nil
	}
	yes, err := i.ask.Yes(ctx, "There is no policy at "+path+"; write an example to start from?", true)
	if err != nil || !yes {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fault.Wrap(fault.Config, err, "cannot make the policy's directory")
	}
	if err := os.WriteFile(path, []byte(starterPolicy), 0o600); err != nil {
		return fault.Wrap(fault.Config, err, "cannot write the policy")
	}
	return nil
}
