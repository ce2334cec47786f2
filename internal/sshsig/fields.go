package sshsig

import "strings"

// field cuts the first word off a line; white space within double quotes does
// not end it.
func field(line string) (first, rest string) {
	end := scan(line, func(c byte) bool { return c == ' ' || c == '\t' })
	return line[:end], strings.TrimLeft(line[end:], " \t")
}

// split takes options apart at the commas that are not within double quotes.
func split(options string) []string {
	var list []string
	for {
		end := scan(options, func(c byte) bool { return c == ',' })
		list = append(list, options[:end])
		if end == len(options) {
			return list
		}
		options = options[end+1:]
	}
}

// scan is where the first byte outside of double quotes is that ends a part.
func scan(text string, ends func(byte) bool) int {
	quoted := false
	for i := range len(text) {
		switch {
		case text[i] == '"':
			quoted = !quoted
		case !quoted && ends(text[i]):
			return i
		}
	}
	return len(text)
}

func unquote(text string) string {
	if len(text) >= 2 && text[0] == '"' && text[len(text)-1] == '"' {
		return text[1 : len(text)-1]
	}
	return text
}
