package awssts

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/policy"
	"github.com/jitaccess/jit/pkg/audit"
)

// input is the AssumeRole call of an order.
func input(order credential.Order, code string, seconds int32) *sts.AssumeRoleInput {
	role, g := order.Entitlement.AWS, order.Grant
	in := &sts.AssumeRoleInput{
		RoleArn:         aws.String(role.RoleARN),
		RoleSessionName: aws.String(g.SessionName()),
		DurationSeconds: aws.Int32(seconds),
		Tags:            tags(g, role.Tags),
		Policy:          optional(role.SessionPolicy),
		ExternalId:      optional(role.ExternalID),
	}
	for _, arn := range role.PolicyARNs {
		in.PolicyArns = append(in.PolicyArns, types.PolicyDescriptorType{Arn: aws.String(arn)})
	}
	if role.SourceIdentity != policy.SourceIdentityInherit {
		in.SourceIdentity = aws.String(audit.EscapeID(g.Principal))
	}
	if role.MFASerial != "" {
		in.SerialNumber, in.TokenCode = aws.String(role.MFASerial), aws.String(code)
	}
	return in
}

// optional leaves an empty parameter out: STS refuses empty ones.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return aws.String(s)
}
