package cmd

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// jitCommands finds the jit commands in a line of shell, those within quotes,
// $(…) and #(…) included, each as its arguments. It knows as much of a shell as
// examples and documents use.
func jitCommands(line string) [][]string {
	var found [][]string
	var words []string
	var word strings.Builder
	inWord := false
	endWord := func() {
		if inWord {
			words = append(words, word.String())
		}
		word.Reset()
		inWord = false
	}
	endCommand := func() {
		endWord()
		if args, ok := jitArgs(words); ok {
			found = append(found, args)
		}
		words = nil
	}
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\'' || c == '"':
			end := strings.IndexByte(line[i+1:], c)
			if end < 0 {
				end = len(line) - i - 1
			}
			quoted := line[i+1 : min(i+1+end, len(line))]
			found = append(found, jitCommands(quoted)...)
			word.WriteString(quoted)
			inWord = true
			i += end + 1
		case c == '#' && !inWord && !strings.HasPrefix(line[i:], "#("):
			endCommand()
			return found // a comment
		case strings.IndexByte("|&;()`", c) >= 0:
			endCommand()
		case c == ' ' || c == '\t':
			endWord()
		default:
			word.WriteByte(c)
			inWord = true
		}
	}
	endCommand()
	return found
}

// jitArgs are the arguments of a command that runs jit.
func jitArgs(words []string) ([]string, bool) {
	for i, w := range words {
		if w == "jit" {
			words = words[i+1:]
			if to := slices.Index(words, ">"); to >= 0 {
				words = words[:to]
			}
			return words, true
		}
		// What may stand before a command: assignments, and words of the shell.
		if !strings.Contains(w, "=") && !slices.Contains([]string{"eval", "exec", "if", "!", "env", "$", "echo"}, w) {
			break
		}
	}
	return nil, false
}

func TestCommandsAreFoundInShell(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"jit":                                  `[[]]`,
		"aws s3 ls # as jit does":              `[]`,
		"id=$(jit request OPS-7)":              `[["request" "OPS-7"]]`,
		`eval "$(jit hook bash)"`:              `[["hook" "bash"]]`,
		"pass show x | jit login":              `[["login"]]`,
		`jit a --reason "b | c" -e`:            `[["a" "--reason" "b | c" "-e"]]`,
		"tmux set '#(jit prompt)'":             `[["prompt"]]`,
		"source <(jit completion bash)":        `[["completion" "bash"]]`,
		"jit x -- sh -c 'jit a b && jit c; d'": `[["a" "b"] ["c"] ["x" "--" "sh" "-c" "jit a b && jit c; d"]]`,
	} {
		if got := fmt.Sprintf("%q", jitCommands(line)); got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
}

// parses reports whether a command line of jit is one: the command is there, and
// takes these flags and as many arguments.
func parses(args []string) error {
	root := newRootCmd(&app{})
	root.InitDefaultHelpFlag()
	root.InitDefaultHelpCmd()
	c, rest, err := root.Find(args)
	if err != nil {
		return err
	}
	c.InitDefaultHelpFlag()
	if c.DisableFlagParsing {
		return parsesOwn(c, rest)
	}
	if err := c.ParseFlags(rest); err != nil {
		return err
	}
	if help, err := c.Flags().GetBool("help"); err == nil && help {
		return nil
	}
	if reflect.ValueOf(c.RunE).Pointer() == reflect.ValueOf(needCommand).Pointer() {
		return fmt.Errorf("%s needs a command", c.CommandPath())
	}
	return c.ValidateArgs(c.Flags().Args())
}

// parsesOwn looks only at the long options in front, which are jit's: the rest
// is for the program that the command runs.
func parsesOwn(c *cobra.Command, args []string) error {
	for _, arg := range args {
		name, ok := strings.CutPrefix(arg, "--")
		if !ok {
			return nil
		}
		if name, _, _ = strings.Cut(name, "="); c.Flags().Lookup(name) == nil {
			return fmt.Errorf("%s has no --%s", c.CommandPath(), name)
		}
	}
	return nil
}

func TestCommandLinesAreJudged(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]bool{
		"jit": true, "jit request": true, "jit request OPS-7 --for 30m": true, "jit help request": true, "jit audit --help": true,
		"jit exec -- aws --nonsense": true, "jit ssh -L 1:2:3 host": true, "jit ssh --request OPS-7 host": true,
		"jit reqest": false, "jit request A B": false, "jit request --fro 3": false, "jit request --for x": false, "jit audit": false,
		"jit explain": false, "jit ssh --nonsense x": false, "jit audit lst": false,
	} {
		if err := parses(strings.Fields(line)[1:]); (err == nil) != want {
			t.Errorf("%s: %v", line, err)
		}
	}
}
