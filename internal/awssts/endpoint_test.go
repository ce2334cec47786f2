package awssts

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/jitaccess/jit/internal/fault"
)

func TestCheckEndpoint(t *testing.T) {
	t.Parallel()
	for endpoint, ok := range map[string]bool{
		"https://sts.eu-west-1.amazonaws.com": true,
		"https://vpce-1.sts.example:8443/x":   true,
		"http://127.0.0.1:4566":               true,
		"http://127.8.9.1":                    true,
		"http://[::1]:4566":                   true,
		"http://localhost:4566":               true,
		"http://sts.localhost:4566":           false,
		"http://s3.LOCALHOST:4566":            false,
		"http://.localhost":                   false,
		"http://localhost.:4566":              false,
		"https://sts.localhost:4566":          true,
		"http://[::ffff:127.0.0.1]":           true,
		"http://[::1%25lo]":                   false,
		"HTTP://LocalHost":                    true,
		"http://sts.acme.internal":            false,
		"http://10.0.0.1":                     false,
		"http://localhost.evil.example":       false,
		"http://127.0.0.1.evil.example":       false,
		"http://127.0.0.1@evil.example":       false,
		"http://0.0.0.0":                      false,
		"ftp://127.0.0.1":                     false,
		"sts.eu-west-1.amazonaws.com":         false,
		"localhost:4566":                      false,
		"https://":                            false,
		"":                                    false,
		"http://[::1":                         false,
	} {
		err := CheckEndpoint("STS", endpoint)
		if (err == nil) != ok || err != nil && fault.ClassOf(err) != fault.Config {
			t.Errorf("%q: %v", endpoint, err)
		}
		if err != nil {
			checkText(t, err)
		}
	}
}

func TestCheckEndpointShowsNoPassword(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{"http://ada:hunter2@sts.example", "://ada:hunter2@x", "http://ada:hunter2@[::1"} {
		if err := CheckEndpoint("S3", endpoint); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v", err)
		}
	}
}

func TestNewClientRefusesPlainHTTP(t *testing.T) {
	t.Parallel()
	if _, err := NewClient(t.Context(), aws.Config{BaseEndpoint: aws.String("http://sts.example")}); fault.ClassOf(err) != fault.Config {
		t.Error(err)
	}
	if c, err := NewClient(t.Context(), aws.Config{Region: "eu-west-1"}); err != nil || c == nil {
		t.Error(err)
	}
}
