package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/jitaccess/jit/internal/config"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/keyring"
)

// tokenCommandLimit is how long the command that prints the token may take:
// long enough to touch a key or type a passphrase.
const tokenCommandLimit = time.Minute

// token finds the Jira token: JIT_JIRA_TOKEN, else the configured command,
// else the keyring.
func (a *app) token(ctx context.Context, cfg *config.Config) (credential.Secret, error) {
	switch {
	case !a.env.JiraToken.Empty():
		return a.env.JiraToken, nil
	case cfg.Jira.TokenCommand != "" && a.unattended:
		return credential.Secret{}, fault.New(fault.Auth, "jira.token_command may ask somebody, and is not run now").
			WithHint("set JIT_JIRA_TOKEN")
	case cfg.Jira.TokenCommand != "":
		return a.tokenFromCommand(ctx, cfg.Jira.TokenCommand)
	}
	token, err := a.keyring(keyring.TokenFallback).Get(ctx, keyring.Service, tokenAccount(cfg))
	if errors.Is(err, keyring.ErrNotFound) {
		return credential.Secret{}, fault.New(fault.Auth, "no Jira token is known for %s", cfg.Jira.URL).
			WithHint("run jit login, or set JIT_JIRA_TOKEN")
	}
	return token, err
}

// tokenFromCommand runs the configured command in the system's shell. Its
// standard error is the user's, so that it can ask for a touch.
func (a *app) tokenFromCommand(ctx context.Context, command string) (credential.Secret, error) {
	limit, cancel := context.WithTimeout(ctx, tokenCommandLimit)
	defer cancel()
	shell, flag := "/bin/sh", "-c"
	if runtime.GOOS == "windows" {
		shell, flag = "cmd", "/C"
	}
	child := exec.CommandContext(limit, shell, flag, command)
	var out bytes.Buffer
	short := &limited{w: &out, left: maxToken}
	child.Stdin, child.Stderr, child.Stdout = a.io.In, a.io.Err, short
	child.WaitDelay = time.Second
	if err := child.Run(); err != nil {
		// A command that was ended tells only of the signal; why is known here.
		switch {
		case ctx.Err() != nil:
			return credential.Secret{}, fault.Wrap(fault.Cancelled, ctx.Err(), "stopped while jira.token_command ran")
		case limit.Err() != nil:
			err = fmt.Errorf("it took longer than %s", tokenCommandLimit)
		case short.over:
			err = errTooLong
		}
		return credential.Secret{}, fault.Wrap(fault.Auth, err, "jira.token_command did not print a token").
			WithHint("run it by hand and see what it says")
	}
	token := strings.TrimSpace(out.String())
	if token == "" || strings.ContainsAny(token, "\r\n") {
		return credential.Secret{}, fault.New(fault.Auth, "jira.token_command printed no token").
			WithHint("it must print the token, on one line, and nothing else")
	}
	return credential.NewSecret(token), nil
}

// limited passes on a bounded number of bytes and fails at the next.
type limited struct {
	w    io.Writer
	left int
	over bool // more was written than is passed on
}

var errTooLong = errors.New("its output is too long for a token")

func (l *limited) Write(p []byte) (int, error) {
	if len(p) > l.left {
		l.over = true
		return 0, errTooLong
	}
	l.left -= len(p)
	return l.w.Write(p)
}
