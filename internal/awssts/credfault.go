package awssts

import (
	"context"
	"errors"
	"io/fs"
	"os/exec"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
	"github.com/aws/smithy-go"

	"github.com/jitaccess/jit/internal/fault"
)

// loadFault explains why the AWS configuration cannot be loaded.
func loadFault(err error, profile string) *fault.Error {
	var missing config.SharedConfigProfileNotExistError
	var unread config.SharedConfigLoadError
	var role config.SharedConfigAssumeRoleError
	switch {
	case errors.As(err, &role):
		return fault.New(fault.Config, "the credentials for role_arn %s cannot come from AWS profile %s, which is missing or has none", oneLine(role.RoleARN), oneLine(role.Profile)).
			WithHint("mend source_profile or credential_source in the AWS config file")
	case errors.As(err, &missing):
		return fault.New(fault.Config, "there is no AWS profile called %s", oneLine(missing.Profile)).
			WithHint("`aws configure list-profiles` shows those there are; aws.profile in the config or AWS_PROFILE names one")
	case errors.As(err, &unread):
		// A parser's complaint may quote the line, and the line may hold a key.
		f := fault.New(fault.Config, "the AWS file %s cannot be read", oneLine(unread.Filename)).
			WithHint("check that it can be opened and has the form that `aws configure` writes")
		var path *fs.PathError
		if errors.As(err, &path) {
			f.Err = path.Err
		}
		return f
	}
	f := fault.New(fault.Config, "the AWS configuration cannot be used: %s", quote(err.Error()))
	if profile != "" {
		return f.WithHint("look at profile %s in the AWS config file and at the AWS_ variables", profile)
	}
	return f.WithHint("look at the AWS config file and at the AWS_ variables")
}

// credentialsFault explains why the base credentials cannot be had. It never
// quotes a credential process, whose output may be a key.
func credentialsFault(ctx context.Context, err error, profile string) error {
	if own, ok := errors.AsType[*fault.Error](err); ok {
		return own // from our own MFA prompt
	}
	if ctx.Err() != nil {
		return stopped(ctx)
	}
	var op *smithy.OperationError
	service := ""
	if errors.As(err, &op) {
		service = op.Service()
	}
	var process *processcreds.ProviderError
	text := err.Error()
	switch {
	case isSSO(err, service, text):
		return ssoFault(err, service, profile)
	case errors.As(err, &process):
		return processFault(err, profile)
	case service == "ec2imds":
		return fault.New(fault.Auth, "no AWS credentials were found").
			WithHint("name a profile that has some as aws.profile in the config, or log in with `aws sso login%s`", flagFor(profile))
	case service == "Signin" || strings.Contains(text, "login token"):
		return fault.New(fault.Auth, "the AWS login session%s has expired or is missing", ofProfile(profile)).
			WithHint("run `aws login%s`", flagFor(profile))
	case service == "STS":
		f := explain(err, subject{what: "the role of the base credentials", caller: "the base credentials", profile: profile})
		if f.Class == fault.Issuer {
			f.Class = fault.Auth
		}
		return f
	}
	return fault.New(fault.Auth, "the AWS credentials%s cannot be had: %s", ofProfile(profile), quote(text)).
		WithHint("`aws sts get-caller-identity%s` shows whether the profile works by itself", flagFor(profile))
}

func isSSO(err error, service, text string) bool {
	var invalid *ssocreds.InvalidTokenError
	return service == "SSO" || service == "SSO OIDC" || errors.As(err, &invalid) || strings.Contains(text, "SSO token")
}

func ssoFault(err error, service, profile string) error {
	var api smithy.APIError
	if service == "SSO" && errors.As(err, &api) {
		switch api.ErrorCode() {
		case "ForbiddenException", "ResourceNotFoundException":
			return fault.New(fault.Auth, "Identity Center does not give you the account or role of AWS profile %s", profile).
				WithHint("check sso_account_id and sso_role_name, or ask for the assignment")
		}
	}
	what := "has expired or is not valid any more"
	switch {
	case errors.Is(err, fs.ErrNotExist):
		what = "was never started"
	case unreachable(err):
		return fault.New(fault.Auth, "Identity Center cannot be reached for the SSO session%s: %s", ofProfile(profile), reason(err)).
			WithHint("check the network and sso_region of the profile")
	}
	return fault.New(fault.Auth, "the SSO session%s %s", ofProfile(profile), what).
		WithHint("run `aws sso login%s`", flagFor(profile))
}

func processFault(err error, profile string) error {
	f := fault.New(fault.Auth, "the credential_process%s failed", ofProfile(profile)).
		WithHint("run the command by hand to see why; `aws configure get credential_process%s` shows it", flagFor(profile))
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		f.Msg += " with " + exit.ProcessState.String()
	}
	return f
}

func ofProfile(profile string) string {
	if profile == "" {
		return ""
	}
	return " of AWS profile " + profile
}

func flagFor(profile string) string {
	if profile == "" || profile == config.DefaultSharedConfigProfile {
		return ""
	}
	return " --profile " + profile
}
