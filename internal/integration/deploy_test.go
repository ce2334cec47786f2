package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const deployMain = `
provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "x"
  secret_key                  = "x"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}
module "jit" {
  source      = %q
  jit         = %q
  permissions = { "arn:aws:iam::111122223333:role/ops/jit-ro" = ["arn:aws:iam::aws:policy/ReadOnlyAccess"] }
}
`

// The module takes what jit prints: Terraform knows every argument, and plans each
// role and the bucket with the policies that jit wrote.
func TestDeployModuleTakesWhatJitPrints(t *testing.T) {
	program, mirror := terraform(t)
	dir := shortDir(t)
	module := filepath.Join(moduleRoot, "docs", "deploy", "aws")
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	policy := write("policy.yaml", `version: 1
entitlements:
  ro:
    ticket: {projects: [OPS], status_categories: [indeterminate]}
    lease: {default: 30m, max: 2h}
    aws: {role_arn: "arn:aws:iam::111122223333:role/ops/jit-ro"}
`)
	printed := exec.Command(jitBinary(t), "policy", "iam", policy, "--caller", "arn:aws:iam::111122223333:role/engineer",
		"--principal-tag", "jit-writer", "--log", "s3://acme-audit/jit", "--reader", "arn:aws:iam::111122223333:role/auditor")
	printed.Env = append(os.Environ(), "JIT_CONFIG="+filepath.Join(dir, "none"))
	out, err := printed.Output()
	if err != nil {
		t.Fatal(err)
	}
	write("main.tf", fmt.Sprintf(deployMain, module, write("jit-iam.json", string(out))))
	write("tfrc", fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", mirror))
	run := func(args ...string) string {
		t.Helper()
		c := exec.Command(program, append([]string{"-chdir=" + dir}, args...)...)
		c.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+filepath.Join(dir, "tfrc"), "TF_DATA_DIR="+filepath.Join(dir, "data"), "HOME="+dir, "CHECKPOINT_DISABLE=1")
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("terraform %q: %v\n%s", args, err, out)
		}
		return string(out)
	}
	run("init", "-input=false", "-no-color")
	run("validate", "-no-color")
	run("fmt", "-check", "-no-color", module)
	plan := run("plan", "-input=false", "-no-color", "-refresh=false")
	for _, want := range []string{
		`module.jit.aws_iam_role.jit["arn:aws:iam::111122223333:role/ops/jit-ro"] will be created`, `+ path                  = "/ops/"`,
		"jit-no-chaining", "aws:RequestTag/jit:entitlement", "module.jit.aws_s3_bucket_policy.log[0] will be created", "s3:if-none-match",
		`module.jit.aws_iam_role_policy_attachment.permissions`,
	} {
		if !strings.Contains(plan, want) {
			t.Errorf("the plan has no %q:\n%s", want, plan)
		}
	}
}
