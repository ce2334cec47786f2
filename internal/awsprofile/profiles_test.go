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
	got, err := awsprofile.Render(profiles, awsprofile.Settings{Config: "/home/ada/my config.yaml"})
	want := `[profile jit-prod-ro]
region = eu-west-1
credential_process = jit credential-process --config "/home/ada/my config.yaml" -e prod-ro

[profile jit-x]
credential_process = jit credential-process --config "/home/ada/my config.yaml" -e x
`
	if err != nil || got != want {
		t.Errorf("%v\n%s", err, got)
	}
	if got, err := awsprofile.Render(profiles[1:], awsprofile.Settings{}); err != nil || got != "[profile jit-x]\ncredential_process = jit credential-process -e x\n" {
		t.Errorf("%v\n%s", err, got)
	}
	got, err = awsprofile.Render(profiles[1:], awsprofile.Settings{Config: "/c", State: "/home/ada/my state"})
	if err != nil || got != "[profile jit-x]\ncredential_process = env \"JIT_STATE_DIR=/home/ada/my state\" jit credential-process --config /c -e x\n" {
		t.Errorf("%v\n%s", err, got)
	}
	for _, bad := range []string{"/a/$(reboot)", "/a/`x`", `/a/"b`, "/a\nb", "/a;b", "/a #b", "/a\x1bb", "/a!b", "/%PATH%"} {
		for _, o := range []awsprofile.Settings{{Config: bad}, {State: bad}} {
			if _, err := awsprofile.Render(profiles, o); fault.ClassOf(err) != fault.Config {
				t.Errorf("%+v: %v", o, err)
			}
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

func TestHidden(t *testing.T) {
	t.Parallel()
	text := "[default]\n[jit-a]\naws_access_key_id = x\n[profile jit-b]\n# [jit-c]\n [ jit-d ]\r\n"
	var all []awsprofile.Profile
	for _, name := range []string{"a", "b", "c", "d"} {
		all = append(all, awsprofile.Profile{Entitlement: name})
	}
	if got := awsprofile.Hidden(all, text); !slices.Equal(got, []string{"jit-a", "jit-d"}) {
		t.Errorf("%q", got)
	}
}
