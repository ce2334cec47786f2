package cmd

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jitaccess/jit/internal/awsprofile"
	"github.com/jitaccess/jit/internal/config"
	"github.com/jitaccess/jit/internal/dotfile"
	"github.com/jitaccess/jit/internal/fault"
)

const awsConfigureLong = `Write a profile for each AWS entitlement into the AWS config file.

Each profile is called jit-ENTITLEMENT and takes its keys from a grant in
force, so that the aws command, Terraform and every SDK use it by its name. The
file is the one that AWS_CONFIG_FILE names, or ~/.aws/config.

What would change is shown first. The profiles stand between two lines of
comment; nothing else in the file is touched, and --undo takes them out again.
A profile of such a name that you wrote yourself is left alone. Profiles of
entitlements that the policy no longer has are removed.`

func newAWSCmd(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "aws",
		Short:   "Set up AWS clients",
		Long:    "Set up AWS clients." + exitCodes(exitConfig),
		Example: "  jit aws configure --dry-run",
		RunE:    needCommand,
	}
	c.AddCommand(newAWSConfigureCmd(a))
	return c
}

func newAWSConfigureCmd(a *app) *cobra.Command {
	var o editOptions
	c := &cobra.Command{
		Use:     "configure",
		Short:   "Write profiles into the AWS config file",
		Long:    awsConfigureLong + exitCodes(exitConfig),
		Example: "  jit aws configure --dry-run\n  jit aws configure --yes\n  jit aws configure --undo --yes",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.awsConfigure(c.Context(), o) },
	}
	o.flags(c)
	return c
}

func (a *app) awsConfigure(ctx context.Context, o editOptions) error {
	path, err := a.env.AWSConfig()
	if err != nil {
		return err
	}
	file, err := dotfile.Read(path)
	if err != nil {
		return err
	}
	block := dotfile.Block{Owner: "jit aws configure"}
	if o.undo {
		e, err := block.Cut(file)
		if err != nil {
			return err
		}
		done, err := a.makeEdits(ctx, o, e)
		if done && err == nil {
			a.io.Note("took the profiles out of %s", path)
		}
		return err
	}
	profiles, body, err := a.profiles(block, file)
	if err != nil {
		return err
	}
	e, err := block.Set(file, body)
	if err != nil {
		return err
	}
	done, err := a.makeEdits(ctx, o, e)
	if done && err == nil {
		a.io.Note("next: aws --profile %s sts get-caller-identity", profiles[0].Name())
	}
	return err
}

// profiles are those that are to be in the file.
func (a *app) profiles(block dotfile.Block, file dotfile.File) ([]awsprofile.Profile, string, error) {
	w, err := a.wire()
	if err != nil {
		return nil, "", err
	}
	var profiles []awsprofile.Profile
	for _, e := range w.policy.Entitlements() {
		if e.AWS != nil {
			profiles = append(profiles, awsprofile.Profile{Entitlement: e.Name, Region: cmp.Or(e.AWS.Region, w.cfg.AWS.Region)})
		}
	}
	rest, err := block.Rest(file)
	if err != nil {
		return nil, "", err
	}
	taken := awsprofile.Taken(profiles, rest)
	if len(taken) > 0 {
		a.io.Warn("left alone, since you wrote them: %s", strings.Join(taken, ", "))
	}
	profiles = slices.DeleteFunc(profiles, func(p awsprofile.Profile) bool { return slices.Contains(taken, p.Name()) })
	if len(profiles) == 0 {
		return nil, "", fault.New(fault.Config, "there is no AWS entitlement to write a profile for").
			WithHint("see what the policy has with jit policy check; --undo takes the profiles out")
	}
	a.warnOfHidden(profiles)
	state, err := a.otherState()
	if err != nil {
		return nil, "", err
	}
	body, err := awsprofile.Render(profiles, awsprofile.Settings{Config: a.otherConfig(w.cfg), State: state})
	return profiles, body, err
}

// warnOfHidden warns of profiles that clients would find keys for elsewhere.
func (a *app) warnOfHidden(profiles []awsprofile.Profile) {
	path, err := a.env.AWSCredentials()
	if err != nil {
		return // clients look nowhere else either
	}
	file, err := dotfile.Read(path)
	if err != nil {
		return // what cannot be read hides nothing
	}
	if hidden := awsprofile.Hidden(profiles, file.Text()); len(hidden) > 0 {
		a.io.Warn("clients take the keys that %s has for %s, and not those of a grant: take them out there", path, strings.Join(hidden, ", "))
	}
}

// otherState is the directory of the state in use where that is not the default
// one. Windows has no program that starts another with a variable set.
func (a *app) otherState() (string, error) {
	if a.env.StateDir == "" {
		return "", nil
	}
	if runtime.GOOS == "windows" {
		a.io.Warn("the profiles do not name JIT_STATE_DIR: clients must have it set themselves")
		return "", nil
	}
	return a.env.State()
}

// otherConfig is the path of the configuration in use where that is not the
// default one, so that a program that is started elsewhere finds it too.
func (a *app) otherConfig(cfg *config.Config) string {
	if a.configFlag == "" && a.env.ConfigPath == "" {
		return ""
	}
	return cfg.Path
}
