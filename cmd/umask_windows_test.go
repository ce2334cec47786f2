package cmd

// usualUmask has nothing to do on Windows.
func usualUmask() {}
