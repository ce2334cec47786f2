package browser

func systemOpener() []string { return []string{"open"} }
