package awsconsole

import (
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/jitaccess/jit/internal/fault"
	"github.com/jitaccess/jit/internal/ticket"
)

// Destination is a page of the console. The zero value is its home page.
type Destination struct {
	Service string // such as s3; "" for the home page
	Region  string // "" lets the console choose
}

// partition is a part of AWS with consoles and accounts of its own.
type partition struct{ signin, console string }

// partitionOf reads a role's ARN: arn:PARTITION:iam::ACCOUNT:role/NAME. The hosts
// are those of the AWS general reference.
func partitionOf(roleARN string) (partition, error) {
	parts := strings.SplitN(roleARN, ":", 3)
	if len(parts) == 3 && parts[0] == "arn" {
		switch parts[1] {
		case "aws":
			return partition{"signin.aws.amazon.com", "console.aws.amazon.com"}, nil
		case "aws-cn":
			return partition{"signin.amazonaws.cn", "console.amazonaws.cn"}, nil
		case "aws-us-gov":
			return partition{"signin.amazonaws-us-gov.com", "console.amazonaws-us-gov.com"}, nil
		}
	}
	return partition{}, fault.New(fault.Issuer, "the role %s is in a part of AWS whose console jit does not know", ticket.Clean(roleARN)).
		WithHint("use jit exec")
}

// word is what a service and a region may be; it becomes part of a URL.
var word = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`) })

// url is the page's address. Names are lowered: a service is called S3, and its
// page s3.
func (d Destination) url(p partition) (string, error) {
	d.Service, d.Region = strings.ToLower(d.Service), strings.ToLower(d.Region)
	for what, value := range map[string]string{"service": d.Service, "region": d.Region} {
		if value != "" && (!word().MatchString(value) || len(value) > 40) {
			return "", fault.New(fault.Usage, "%q is not the name of a %s", ticket.Clean(value), what).
				WithHint("such as --service s3 --region eu-west-1")
		}
	}
	u := url.URL{Scheme: "https", Host: p.console, Path: "/" + pageOf(d.Service) + "/home"}
	if d.Region != "" {
		u.RawQuery = url.Values{"region": {d.Region}}.Encode()
	}
	return u.String(), nil
}

// pageOf is the path of a service's page, which is mostly its name. Those whose
// page is called otherwise are known by what people call them.
func pageOf(service string) string {
	switch service {
	case "":
		return "console"
	case "cfn":
		return "cloudformation"
	case "cw", "logs":
		return "cloudwatch"
	case "ddb", "dynamodb":
		return "dynamodbv2"
	case "r53":
		return "route53"
	case "secrets", "sm":
		return "secretsmanager"
	case "sfn", "stepfunctions":
		return "states"
	case "ssm":
		return "systems-manager"
	case "vpc":
		return "vpcconsole"
	}
	return service
}
