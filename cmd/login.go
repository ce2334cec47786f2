package cmd

import (
	"bufio"
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/config"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/keyring"
	"github.com/jitaccess/jit/internal/terminal"
)

const loginLong = `Keep a Jira token in the OS keyring.

The token is asked for on a terminal without being shown, or read from standard
input elsewhere, and tried before it is kept. Where there is no keyring, set
JIT_JIRA_TOKEN or jira.token_command instead.`

func newLoginCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "login",
		Short:   "Keep a Jira token in the OS keyring",
		Long:    loginLong + exitCodes(exitTicket, exitAuth, exitConfig),
		Example: "  jit login\n  pass show jira-token | jit login",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.login(c.Context()) },
	}
}

func (a *app) login(ctx context.Context) error {
	cfg, err := a.loadConfig()
	if err != nil {
		return err
	}
	token, err := a.readToken(ctx, "Jira token for "+cfg.Jira.URL)
	if err != nil {
		return err
	}
	who, err := a.tryToken(ctx, cfg, token)
	if err != nil {
		return err
	}
	if err := a.keyring(keyring.TokenFallback).Set(ctx, keyring.Service, tokenAccount(cfg), token); err != nil {
		return err
	}
	if err := a.forgetTickets(); err != nil {
		return err
	}
	a.io.Note("signed in to %s as %s", cfg.Jira.URL, shown(who.Name))
	return nil
}

// tokenAccount names the token of a site and an account in the keyring.
func tokenAccount(cfg *config.Config) string {
	return strings.TrimSuffix(cfg.Jira.URL, "/") + " " + cfg.Jira.Email
}

// maxToken bounds a token, in bytes: Atlassian's scoped tokens have about 200.
const maxToken = 4096

// readToken asks for a token on a terminal and reads it from standard input
// elsewhere.
func (a *app) readToken(ctx context.Context, question string) (credential.Secret, error) {
	var token credential.Secret
	if a.io.InTTY {
		asked, err := terminal.NewAsker(a.io).Secret(ctx, question)
		if err != nil {
			return token, err
		}
		token = asked
	} else {
		line, err := bufio.NewReader(io.LimitReader(a.io.In, maxToken+1)).ReadString('\n')
		if err != nil && err != io.EOF {
			return token, err
		}
		token = credential.NewSecret(strings.TrimSpace(line))
	}
	if token.Empty() || len(token.Reveal()) > maxToken {
		return token, fault.New(fault.Usage, "no token was given").WithHint("type it, or pipe it in: pass show jira-token | jit login")
	}
	return token, nil
}

const logoutLong = `Forget the Jira token that jit login kept.

The grants in force stay; the token itself stays valid until it is revoked in
Jira.`

func newLogoutCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "logout",
		Short:   "Forget the Jira token",
		Long:    logoutLong + exitCodes(exitConfig),
		Example: "  jit logout",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := a.loadConfig()
			if err != nil {
				return err
			}
			if err := a.keyring(keyring.TokenFallback).Delete(c.Context(), keyring.Service, tokenAccount(cfg)); err != nil {
				return err
			}
			if err := a.forgetTickets(); err != nil {
				return err
			}
			a.io.Note("forgot the token for %s", cfg.Jira.URL)
			return nil
		},
	}
}
