// Package sshca signs SSH certificates with a CA whose key is in a file, in
// ssh-agent or in AWS KMS, and hands what was signed to the user's ssh-agent.
//
// Certificates are those of OpenSSH, as its PROTOCOL.certkeys lays them out:
// https://cvsweb.openbsd.org/src/usr.bin/ssh/PROTOCOL.certkeys. No private key
// is ever written to disk here.
package sshca
