package cmd

import (
	"context"
	"path/filepath"
	"slices"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/config"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
)

// needs tells whether the policy that was named has entitlements of a kind.
func (i *interview) needs(kind grant.Kind) bool {
	return slices.Contains(access.Kinds(i.loaded), kind)
}

// aws asks for the identity that assumes the roles, where the policy has any.
func (i *interview) aws(ctx context.Context) error {
	if !i.needs(grant.AWS) {
		return nil
	}
	for {
		if err := i.askAWS(ctx); err != nil || i.options.noTest {
			return err
		}
		caller, err := i.app.tryAWS(ctx, i.configuration())
		if err == nil {
			i.app.io.Note("AWS knows you as %s", caller.ARN)
			return nil
		}
		if !i.app.io.Interactive() || ctx.Err() != nil {
			return err
		}
		i.app.io.Error(err.Error(), fault.HintOf(err))
		if kept, err := i.ask.Yes(ctx, "Keep these answers all the same?", false); err != nil || kept {
			return err
		}
		i.options.answers.AWS = config.AWS{}
	}
}

// askAWS asks for what no flag gave, with the last answers to fall back on.
func (i *interview) askAWS(ctx context.Context) error {
	if !i.app.io.Interactive() {
		return nil
	}
	for _, q := range []struct {
		given string
		value *string
		text  string
	}{
		{i.options.answers.AWS.Profile, &i.answers.AWS.Profile, "AWS profile (leave empty for the SDK's default)"},
		{i.options.answers.AWS.Region, &i.answers.AWS.Region, "AWS region (leave empty for the profile's)"},
	} {
		if q.given != "" {
			continue
		}
		answer, err := i.ask.Line(ctx, q.text, *q.value)
		if err != nil {
			return err
		}
		*q.value = answer
	}
	return nil
}

// configuration is what has been answered so far, as Load would return it.
func (i *interview) configuration() *config.Config {
	c := i.answers
	c.Path = i.path
	c.Policy = i.app.env.Expand(c.Policy, filepath.Dir(i.path))
	return &c
}

// log asks for the audit log and writes a probe to it.
func (i *interview) log(ctx context.Context) error {
	state, err := i.app.env.State()
	if err != nil {
		return err
	}
	def := "file://" + filepath.ToSlash(filepath.Join(state, "log"))
	return i.question(ctx, &i.answers.Audit.Log, "The audit log's URL (s3://BUCKET/PREFIX for a shared one)", def, func(ctx context.Context, _ string) error {
		if i.options.noTest {
			return nil
		}
		return i.app.tryLog(ctx, i.configuration(), i.secret)
	})
}

// ca asks for the key that signs certificates, where the policy has logins.
func (i *interview) ca(ctx context.Context) error {
	if !i.needs(grant.SSH) {
		return nil
	}
	return i.question(ctx, &i.answers.SSH.CA, "The SSH CA (file:///PATH, agent:SHA256:…, awskms:///KEY)", "", func(ctx context.Context, _ string) error {
		if i.options.noTest {
			return nil
		}
		return i.app.tryCA(ctx, i.configuration())
	})
}
