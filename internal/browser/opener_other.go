//go:build !darwin && !windows

package browser

func systemOpener() []string { return []string{"xdg-open"} }
