package fakests_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// awsCLI finds Debian's awscli, which a shim of the same name may shadow.
func awsCLI(t *testing.T) string {
	t.Helper()
	if _, err := os.Stat("/usr/bin/aws"); err == nil {
		return "/usr/bin/aws"
	}
	path, err := exec.LookPath("aws")
	if err == nil {
		return path
	}
	if slices.Contains(strings.Split(os.Getenv("JIT_REQUIRE"), ","), "aws") {
		t.Fatal("awscli is required and not installed")
	}
	t.Skip("awscli is not installed")
	return ""
}

func TestAWSCLI(t *testing.T) {
	t.Parallel()
	path := awsCLI(t)
	w := newWorld(t, time.Now)
	dir := t.TempDir()
	cmd := exec.Command(path, "sts", "get-caller-identity", "--output", "json", "--endpoint-url", w.url)
	cmd.Env = []string{
		"PATH=/usr/bin:/bin", "HOME=" + dir, "AWS_REGION=eu-west-1", "AWS_DEFAULT_REGION=eu-west-1", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE=" + filepath.Join(dir, "config"), "AWS_SHARED_CREDENTIALS_FILE=" + filepath.Join(dir, "credentials"),
		"AWS_ACCESS_KEY_ID=" + w.user.ID, "AWS_SECRET_ACCESS_KEY=" + w.user.Secret,
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var who struct{ Arn, Account, UserID string }
	if err := json.Unmarshal(out, &who); err != nil || who.Arn != w.user.ARN || who.Account != accountID {
		t.Errorf("%v: %s", err, out)
	}
}
