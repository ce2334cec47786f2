package cmd

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/jitaccess/jit/internal/access"
	"github.com/jitaccess/jit/internal/config"
	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/grant"
	"github.com/jitaccess/jit/internal/keyring"
	"github.com/jitaccess/jit/internal/wallet"
)

// This file and its neighbours wire_*.go build the adapters. What needs no
// network is in this one, so that a cached credential costs no more than it
// must.

// loadConfig reads the configuration.
func (a *app) loadConfig() (*config.Config, error) {
	path, err := a.env.Config(a.configFlag)
	if err != nil {
		return nil, err
	}
	return config.Load(path, a.systemPath, a.env)
}

// openWallet opens the wallet that the configuration chose.
func (a *app) openWallet() (*wallet.Wallet, error) {
	cfg, err := a.loadConfig()
	if err != nil {
		return nil, err
	}
	return a.walletOf(cfg.Wallet)
}

// listHeld opens the wallet and lists the grants in force.
func (a *app) listHeld(ctx context.Context) (*wallet.Wallet, []credential.Held, error) {
	w, err := a.openWallet()
	if err != nil {
		return nil, nil, err
	}
	held, err := w.List(ctx, a.now())
	return w, held, err
}

// use opens the grant in force that a command is to use. Where none fits, the
// files that should hold one and do not are told too.
func (a *app) use(ctx context.Context, kind grant.Kind, entitlement string) (credential.Held, credential.Credential, error) {
	w, err := a.openWallet()
	if err != nil {
		return credential.Held{}, credential.Credential{}, err
	}
	held, cred, err := access.Use(ctx, w, a.now(), kind, entitlement)
	if fault.ClassOf(err) == fault.NoGrant {
		a.warnProblems(ctx, w)
	}
	return held, cred, err
}

func (a *app) warnProblems(ctx context.Context, w *wallet.Wallet) {
	for _, problem := range w.Problems(ctx) {
		a.io.Warn("%v", problem)
		a.io.Hint(fault.HintOf(problem))
	}
}

func (a *app) walletOf(kind string) (*wallet.Wallet, error) {
	state, err := a.env.State()
	if err != nil {
		return nil, err
	}
	keys := wallet.KeyInFile(state)
	if kind != config.WalletFile {
		keys = wallet.KeyInKeyring(a.keyring(keyring.WalletFallback), state)
	}
	return wallet.Open(wallet.Options{Dir: state, Keys: keys, Now: a.now})
}

func (a *app) keyring(fallback string) *keyring.Keyring {
	return keyring.New(keyring.Options{
		Interactive: a.io.Interactive(), Unattended: a.unattended, SessionBus: a.env.SessionBus, Fallback: fallback,
	})
}

// dialLimit bounds a TCP connection's start, and handshakeLimit TLS's.
const (
	dialLimit      = 10 * time.Second
	handshakeLimit = 10 * time.Second
)

// transport is shared by every adapter that speaks HTTP, so that a connection
// that one opened serves the others. HTTP_PROXY and its like are honoured.
func transport() *http.Transport {
	dialer := &net.Dialer{Timeout: dialLimit, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		TLSHandshakeTimeout:   handshakeLimit,
		ForceAttemptHTTP2:     true,
		MaxIdleConnsPerHost:   16, // as many as audit verify reads at once
		IdleConnTimeout:       time.Minute,
		ExpectContinueTimeout: time.Second,
	}
}

// tryWallet proves that a kind of wallet can keep a secret.
func (a *app) tryWallet(ctx context.Context, kind string) error {
	w, err := a.walletOf(kind)
	if err != nil {
		return err
	}
	return w.Ready(ctx)
}
