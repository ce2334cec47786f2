//go:build linux || netbsd || openbsd || (dragonfly && cgo) || (freebsd && cgo)

package keyring

import (
	"errors"

	ss "github.com/zalando/go-keyring/secret_service"
)

// locked reports whether the keyring would ask for its password. The library
// unlocks whatever it reads.
func locked() (bool, error) {
	service, err := ss.NewSecretService()
	if err != nil {
		return false, err
	}
	property, err := service.GetLoginCollection().GetProperty("org.freedesktop.Secret.Collection.Locked")
	if err != nil {
		return false, err
	}
	shut, ok := property.Value().(bool)
	if !ok {
		return false, errors.New("it does not say whether it is locked")
	}
	return shut, nil
}
