//go:build !linux && !netbsd && !openbsd && !(dragonfly && cgo) && !(freebsd && cgo)

package keyring

// locked reports whether the keyring would ask for its password, which these
// systems do not tell.
func locked() (bool, error) { return false, nil }
