package cmd

import (
	"bytes"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/fault"
)

// Cobra's completion scripts evaluate the line that somebody is typing to run
// jit __complete. So Tab would run a $(command) that was not entered yet, and in
// fish even one between single quotes; ">" would empty a file. Here a word is
// evaluated only where it is a name, a path or a variable, quoted or not.

// mend is a part of a script of cobra's and what stands there instead.
type mend struct{ from, to string }

// completionScript is cobra's script for a shell, mended. The error is of class
// Internal, for a cobra whose scripts are other ones.
func completionScript(root *cobra.Command, shell string, describe bool) (string, error) {
	var b bytes.Buffer
	var mends []mend
	var err error
	switch {
	case shell == "bash":
		err, mends = root.GenBashCompletionV2(&b, describe), bashMends()
	case shell == "zsh" && describe:
		err, mends = root.GenZshCompletion(&b), zshMends()
	case shell == "zsh":
		err, mends = root.GenZshCompletionNoDesc(&b), zshMends()
	case shell == "fish":
		err, mends = root.GenFishCompletion(&b, describe), fishMends()
	case shell == "powershell" && describe:
		err = root.GenPowerShellCompletionWithDesc(&b)
	case shell == "powershell":
		err = root.GenPowerShellCompletion(&b)
	}
	if err != nil || b.Len() == 0 {
		return "", fault.Wrap(fault.Internal, err, "there is no completion for %s", shell)
	}
	request := cobra.ShellCompNoDescRequestCmd
	if describe {
		request = cobra.ShellCompRequestCmd
	}
	return mended(b.String(), mends, request)
}

// mended is a script with each part that is to be mended, which must be there
// once. Those parts that ask jit do it with the command request.
func mended(text string, mends []mend, request string) (string, error) {
	for _, m := range mends {
		from, to := strings.ReplaceAll(m.from, "@ASK@", request), strings.ReplaceAll(m.to, "@ASK@", request)
		if strings.Count(text, from) != 1 {
			return "", fault.New(fault.Internal, "the completion is not as it was: it has no %q", from)
		}
		text = strings.Replace(text, from, to, 1)
	}
	return text, nil
}

// printCompletion is what jit completion SHELL runs.
func printCompletion(c *cobra.Command, _ []string) error {
	without, err := c.Flags().GetBool("no-descriptions")
	if err != nil {
		return fault.Wrap(fault.Internal, err, "completion lacks a flag")
	}
	text, err := completionScript(c.Root(), c.Name(), !without)
	if err != nil {
		return err
	}
	_, err = io.WriteString(c.OutOrStdout(), text)
	return err
}

// bashMends quote what is not plain, and do without the package
// bash-completion: of its functions only one is needed, for words that bash
// broke at "=" and ":".
func bashMends() []mend {
	return []mend{
		{`    args=("${words[@]:1}")
    requestComp="${words[0]} @ASK@ ${args[*]}"
`, `    local plain='^[A-Za-z0-9_./:=,@%+~{}"'\''\ $-]*$'
    for args in "${words[@]}"; do
        [[ $args =~ $plain ]] || printf -v args '%q' "$args"
        requestComp+="${requestComp:+ }$args"
        [[ $requestComp != "$args" ]] || requestComp+=" @ASK@"
    done
`},
		{`    _get_comp_words_by_ref "$@" cur prev words cword
`, `    if declare -F _get_comp_words_by_ref >/dev/null 2>&1; then
        _get_comp_words_by_ref "$@" cur prev words cword
        return
    fi
    # Without the package: what stands in the line without a space between is one
    # word, up to the cursor.
    local line=${COMP_LINE:0:COMP_POINT} word i
    words=() cword=-1
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${line#"${line%%[![:space:]]*}"}
        [[ $i -eq $COMP_CWORD || $word != "${COMP_WORDS[i]}"* ]] || word=${COMP_WORDS[i]}
        if [[ $cword -ge 0 && -n $line && $line != [[:space:]]* ]]; then
            words[cword]+=$word
        else
            words[++cword]=$word
        fi
        line=${line#"${line%%[![:space:]]*}"}
        line=${line#"$word"}
    done
    cur=${words[cword]} prev=${words[cword - (cword > 0)]}
`},
	}
}

func zshMends() []mend {
	return []mend{
		{`words=("${=words[1,CURRENT]}")`, `words=("${(@)words[1,CURRENT]}")`},
		{`        flagPrefix="-P ${BASH_REMATCH}"`, `        flagPrefix="-P ${(q)BASH_REMATCH[1]}"`},
		{`    requestComp="${words[1]} @ASK@ ${words[2,-1]}"
`, `    local word odd='*[^A-Za-z0-9_./:=,@%+~{}"'\''\\ $-]*'
    for word in "${words[@]}"; do
        [[ $word != ${~odd} ]] || word=${(qq)word}
        requestComp+="${requestComp:+ }$word"
        [[ $requestComp != "$word" ]] || requestComp+=" @ASK@"
    done
`},
		{`eval ${requestComp} 2>/dev/null`, `eval "${requestComp}" 2>/dev/null`},
	}
}

// fishMends escape what is not plain: fish has taken the quotes away already.
func fishMends() []mend {
	return []mend{{`    set -l requestComp "JIT_ACTIVE_HELP=0 $args[1] @ASK@ $args[2..-1] $lastArg"
`, `    set -l plain
    for arg in $args
        string match -qr -- '^[A-Za-z0-9_./:=,@%+~$-]+\z' $arg
        or set arg (string escape -- $arg)
        set -a plain $arg
    end
    set -l requestComp "JIT_ACTIVE_HELP=0 $plain[1] @ASK@ $plain[2..-1] $lastArg"
`}}
}
