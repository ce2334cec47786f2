package browser

func systemOpener() []string { return []string{"rundll32", "url.dll,FileProtocolHandler"} }
