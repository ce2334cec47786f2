package awsprofile_test

import (
	"slices"
	"testing"

	"github.com/jitaccess/jit/internal/awsprofile"
	"github.com/jitaccess/jit/internal/fault"
)

func TestRender(t *testing.T) {
	t.Parallel()
	profiles := []awsprofile.Profile{{"prod-ro", "eu-west-1"}, {"x", ""}}
	got, err := awsprofile.Render(profiles, "/home/ada/my config.yaml")
	want := `[profile jit-prod-ro]
region = eu-west-1
credential_process = jit credential-process --config "/home/ada/my config.yaml" -e prod-ro

[profile jit-x]
credential_process = jit credential-process --config "/home/ada/my config.yaml" -e x
`
	if err != nil || got != want {
		t.Errorf("%v\n%s", err, got)
	}
	if got, err := awsprofile.Render(profiles[1:], ""); err != nil || got != "[profile jit-x]\ncredential_process = jit credential-process -e x\n" {
		t.Errorf("%v\n%s", err, got)
	}
	for _, bad := range []string{"/a/$(reboot)", "/a/`x`", `/a/"b`, "/a\nb", "/a;b", "/a #b", "/a\x1bb", "/a!b", "/%PATH%"} {
		if _, err := awsprofile.Render(profiles, bad); fault.ClassOf(err) != fault.Config {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestTaken(t *testing.T) {
	t.Parallel()
	text := "[default]\n[profile jit-a]\n  [ profile \"jit-b\" ] # mine\n#[profile jit-c]\n[profile jit-cd]\n[jit-c]\r\n[profile 'jit-e']\r\n"
	var all []awsprofile.Profile
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		all = append(all, awsprofile.Profile{Entitlement: name})
	}
	if got := awsprofile.Taken(all, text); !slices.Equal(got, []string{"jit-a", "jit-b", "jit-e"}) {
		t.Errorf("%q", got)
	}
}
