package cmd

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// example says how a line of a command's examples is tested. Each is run by a
// real shell in a world of its own, which knows the names that examples have, or
// is parsed only, where that cannot be.
type example struct {
	before []string // lines that are run first, each to exit 0
	then   []string // lines that are run after it, each to exit 0
	real   bool     // with a configuration that is no sandbox's
	only   string   // the one entitlement of the policy; "" leaves both
	shell  string   // that runs it; "" is bash
	code   int      // the exit code to expect
	parsed string   // why it is parsed only; "" is run
}

const (
	getAWS = `jit request OPS-7 -e prod-readonly`
	getSSH = `jit request OPS-7 -e bastion`

	needsKeyring  = "it changes the keyring of whoever runs the tests; a script with a keyring of its own runs it"
	standsForID   = "GRANT stands for an id"
	realSite      = "it asks acme.atlassian.net"
	anotherRunner = "another program runs it"
)

// examples is the table: a line that is not in it fails the test.
func examples() map[string]example {
	aws := []string{getAWS}
	ssh := []string{getSSH}
	return map[string]example{
		"jit sandbox": {},
		"jit sandbox -- jit request DEMO-1 -e demo-ssh": {},
		`jit sandbox -- sh -c 'jit request DEMO-1 -e demo-aws && jit exec -- aws sts get-caller-identity --endpoint-url "$AWS_ENDPOINT_URL_STS"'`: {},

		"jit request":       {code: exitUsage}, // nobody to ask: the tests on a terminal run it there
		"jit request OPS-7": {only: "prod-readonly"},
		`jit request ops-7 -e bastion --for 30m --reason "failing disk on db-3"`: {},
		"jit request OPS-7 --dry-run":                                            {only: "prod-readonly"},
		"jit request OPS-7 -e prod-readonly --json":                              {},
		"jit request OPS-7 -e prod-readonly":                                     {},
		"jit explain OPS-7":                                                      {},
		"jit explain OPS-7 --json":                                               {},
		"jit status":                                                             {before: aws},
		"jit status --watch":                                                     {code: exitUsage}, // nobody to ask: the tests on a terminal run it there
		"jit status --json":                                                      {},
		`jit revoke OPS-7 --reason "disk replaced"`:                              {before: aws},
		"jit revoke --all":                                                       {before: []string{getAWS, getSSH}},
		"jit exec -- aws s3 ls":                                                  {before: aws},
		"jit exec -e prod-readonly -- terraform plan":                            {before: aws},
		"jit exec --request OPS-7 -- aws sts get-caller-identity":                {},

		"jit shell":                                      {before: aws},
		"jit shell -e prod-readonly":                     {before: aws},
		"jit shell --request OPS-7 --for 30m":            {only: "prod-readonly"},
		`eval "$(jit env)"`:                              {before: aws},
		`eval "$(jit env --unset)"`:                      {},
		"jit env -e prod-readonly --shell fish | source": {before: aws, shell: "fish"},
		"jit credential-process -e prod-readonly":        {before: aws},

		"jit console": {before: aws},
		"jit console -e prod-readonly --service s3 --region eu-west-1": {before: aws},
		"jit console --print":                        {before: aws},
		"jit console --container":                    {before: aws},
		"jit ssh bastion-1":                          {before: ssh},
		"jit ssh -L 8080:localhost:80 ops@bastion-1": {before: ssh},
		"jit ssh --request OPS-7 bastion-1 uptime":   {},

		"jit ssh config":                     {},
		"jit ssh config --install --dry-run": {real: true, then: []string{"test ! -e ~/.ssh/config"}},
		"jit ssh config --install --yes":     {real: true, then: []string{"grep -q ^Include ~/.ssh/config"}},
		"jit ssh config --undo --yes": {
			real: true, before: []string{"jit ssh config --install --yes"}, then: []string{"! grep -q ^Include ~/.ssh/config"},
		},
		"jit ssh config agent":                       {}, // nothing is in force, so it ends
		"jit ssh config match --login ops bastion-1": {before: ssh},

		"jit aws configure --dry-run":    {},
		"jit aws configure --yes":        {},
		"jit aws configure --undo --yes": {before: []string{"jit aws configure --yes"}},

		`eval "$(jit hook bash)"`:            {},
		"jit hook fish --no-prompt | source": {shell: "fish"},
		"jit prompt":                         {before: aws},
		"tmux set -g status-right '#(jit prompt --format tmux)'": {parsed: anotherRunner},

		"jit policy check":                    {},
		"jit policy check policy.d/":          {},
		"jit policy check --json policy.yaml": {},

		"jit policy sign policy.yaml --key ~/.ssh/policy":                         {before: []string{"mkdir .ssh && ssh-keygen -q -t ed25519 -N '' -f .ssh/policy"}},
		"jit policy sign policy.d --key agent:SHA256:FINGERPRINT --good-for 720h": {parsed: standsForID},

		"jit policy iam --caller arn:aws:iam::111122223333:role/engineer --principal-tag jit-writer":               {},
		"jit policy iam policy.yaml --caller arn:aws:iam::111122223333:root --log s3://acme-audit/jit --ca ca.pub": {},
		"jit policy test":                                             {},
		"jit policy test policy.yaml --cover":                         {},
		"jit policy test policy.d/ --junit report.xml --cover-min 80": {},
		"jit policy test policy.yaml --run 'incident|change' --json":  {},
		"jit policy schema > policy.schema.json":                      {},
		"jit policy schema --tests > tests.schema.json":               {},
		"jit policy diff old.yaml policy.yaml":                        {},
		"jit policy diff old.yaml policy.yaml --fail-on widened":      {},
		"jit policy diff old.yaml policy.yaml --ticket OPS-7 --json":  {},

		"jit audit list --limit 20":                                      {before: aws},
		"jit audit list --since 24h --event denied":                      {before: aws},
		"jit audit list --who ada --since 2026-11-01 --until 2026-12-01": {before: aws},
		"jit audit list --json | jq -r .unmapped.jit.event":              {before: aws},
		"jit audit show $(jit request OPS-7)":                            {only: "prod-readonly"},
		"jit audit show --json GRANT":                                    {parsed: standsForID},
		"jit audit verify":                                               {before: aws},
		"jit audit verify --json":                                        {before: aws},
		"jit audit verify --principals writers.yaml":                     {before: aws},

		"jit audit export --format csv --out log.csv":               {before: aws},
		"jit audit export > log.jsonl":                              {before: aws},
		"jit audit verify --checkpoint kept.checkpoint":             {parsed: "a script has a checkpoint"},
		"jit audit checkpoint --key awskms:///alias/jit-checkpoint": {parsed: "a script signs with a file"},

		"jit init": {before: []string{`rm "$JIT_CONFIG"`}, code: exitUsage}, // nobody to ask: the tests on a terminal run it there
		"jit init --jira-url https://acme.atlassian.net --jira-email ada@acme.com " +
			"--policy /etc/jit/policy.yaml --audit-log s3://acme-jit-audit/jit --wallet keyring": {parsed: realSite},
		"jit login":                        {code: exitUsage}, // nobody to ask: the tests on a terminal run it there
		"pass show jira-token | jit login": {parsed: needsKeyring},
		"jit logout":                       {parsed: needsKeyring},
		"jit doctor":                       {},
		"jit doctor --json":                {},
		"jit version":                      {},
		"jit version --json":               {},
		"jit help request":                 {},

		"jit completion bash > ~/.local/share/bash-completion/completions/jit": {},
		"source <(jit completion bash)":                                        {},
		"source <(jit completion zsh)":                                         {parsed: "it needs a zsh whose completion is set up"},
		"jit completion fish | source":                                         {shell: "fish"},
		"jit completion powershell | Out-String | Invoke-Expression":           {parsed: "it is for PowerShell"},
	}
}

// exampleLines are the lines of a command's examples, continued ones joined.
func exampleLines(c *cobra.Command) []string {
	var lines []string
	joined := ""
	for line := range strings.Lines(c.Example) {
		line = strings.TrimSpace(line)
		if part, more := strings.CutSuffix(line, "\\"); more {
			joined += strings.TrimSpace(part) + " "
			continue
		}
		lines = append(lines, joined+line)
		joined = ""
	}
	return lines
}

// helped visits every command that a user sees, help itself included.
func helped(visit func(*cobra.Command)) {
	root := newRootCmd(&app{})
	walk(root, visit)
	visit(newHelpCmd(root))
}

func TestExamplesAreInTheTable(t *testing.T) {
	t.Parallel()
	table, seen := examples(), map[string]bool{}
	helped(func(c *cobra.Command) {
		for _, line := range exampleLines(c) {
			seen[line] = true
			if _, ok := table[line]; !ok {
				t.Errorf("%s: the example %q is not in the table of this test", c.CommandPath(), line)
			}
		}
	})
	for line := range table {
		if !seen[line] {
			t.Errorf("no command has the example %q", line)
		}
	}
}

func TestExamplesParse(t *testing.T) {
	t.Parallel()
	for line := range examples() {
		commands := jitCommands(line)
		if len(commands) == 0 {
			t.Errorf("%s: it runs no jit", line)
		}
		for _, args := range commands {
			if err := parses(args); err != nil {
				t.Errorf("%s: %v", line, err)
			}
		}
	}
}
