package integration

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// terraform returns the program and a mirror that has the AWS provider for this
// machine: JIT_TF_PLUGINS, or the first of the usual places. No package of
// Debian has either, and the registry is not asked, so what is not here is
// skipped.
func terraform(t *testing.T) (program, mirror string) {
	t.Helper()
	program, err := exec.LookPath("terraform")
	if err != nil {
		t.Skip("terraform is not installed")
	}
	places := []string{"/opt/tf-plugins", "/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins"}
	if home, err := os.UserHomeDir(); err == nil {
		places = append(places, filepath.Join(home, ".terraform.d", "plugins"))
	}
	if named := os.Getenv("JIT_TF_PLUGINS"); named != "" {
		places = []string{named}
	}
	const provider = "registry.terraform.io/hashicorp/aws"
	for _, place := range places {
		unpacked, _ := filepath.Glob(filepath.Join(place, provider, "*", runtime.GOOS+"_"+runtime.GOARCH))
		packed, _ := filepath.Glob(filepath.Join(place, provider, "*_"+runtime.GOOS+"_"+runtime.GOARCH+".zip"))
		if len(unpacked)+len(packed) > 0 {
			return program, place
		}
	}
	t.Skipf("none of %s has the provider %s", strings.Join(places, ", "), provider)
	return "", ""
}

// profiles runs `jit aws configure` and leaves the world with nothing but the
// profiles to find keys with: jit is found on the PATH, its configuration by
// what the profile says, and no key is in the environment.
func (w *world) profiles() {
	w.t.Helper()
	w.env["AWS_CONFIG_FILE"] = w.path("aws-config")
	w.jit("aws", "configure", "--yes").want(w.t, 0)
	if err := os.MkdirAll(w.path("bin"), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Symlink(jitBinary(w.t), w.path("bin/jit")); err != nil {
		w.t.Fatal(err)
	}
	w.env["PATH"] = w.path("bin") + string(os.PathListSeparator) + w.env["PATH"]
	for _, name := range []string{"JIT_CONFIG", "JIT_JIRA_TOKEN", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"} {
		delete(w.env, name)
	}
}

const terraformMain = `
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" {
  profile = "jit-data"
}
data "aws_caller_identity" "me" {}
output "arn" { value = data.aws_caller_identity.me.arn }
`

func TestTerraformUsesAProfile(t *testing.T) {
	program, mirror := terraform(t)
	w := newWorld(t).start()
	g := w.request("data")
	w.profiles()
	w.write("main.tf", terraformMain)
	w.write("terraform.rc", fmt.Sprintf("disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror { path = %q }\n}\n", mirror))
	w.env["TF_CLI_CONFIG_FILE"] = w.path("terraform.rc")
	w.env["TF_IN_AUTOMATION"] = "1"
	run := func(args ...string) result { return finish(t, w.program(t.Context(), program, args...)) }

	run("init", "-input=false", "-no-color").want(t, 0)
	run("apply", "-auto-approve", "-input=false", "-no-color").want(t, 0)
	var arn string
	out := run("output", "-json", "arn").want(t, 0).stdout
	if err := json.Unmarshal([]byte(out), &arn); err != nil {
		t.Fatal(err)
	}
	if want := "arn:aws:sts::" + account + ":assumed-role/data/OPS-7." + g.ID; arn != want {
		t.Errorf("Terraform is %s, not %s", arn, want)
	}

	// Without a grant it stops, rather than go on as somebody else. What jit
	// writes is not shown by the provider; its exit code is.
	if err := os.Rename(w.path("state"), w.path("state-elsewhere")); err != nil {
		t.Fatal(err)
	}
	r := run("plan", "-input=false", "-no-color")
	if r.code != 1 || !strings.Contains(r.stderr, "exit status 9") {
		t.Errorf("without a grant: exit code %d, standard error %q", r.code, r.stderr)
	}
}
