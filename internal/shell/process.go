package shell

import (
	"bytes"
	"encoding/json"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
)

// OldProcessLimit is where old AWS SDKs stop reading the output of
// credential_process, in bytes. A session token alone can be longer; newer SDKs
// read on.
const OldProcessLimit = 1024

// processOutput is version 1 of the format, as the AWS SDKs' reference guide
// has it under "Process credential provider".
type processOutput struct {
	Version         int
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
	Expiration      string
}

// ProcessJSON returns what credential_process prints: JSON of version 1, as
// compact as it gets, without a newline at the end. It holds secrets. The error
// is of class Internal, for a credential that lacks a part.
func ProcessJSON(c credential.AWS) ([]byte, error) {
	if c.AccessKeyID == "" || c.SecretAccessKey.Empty() || c.SessionToken.Empty() || c.ExpiresAt.IsZero() {
		return nil, fault.New(fault.Internal, "the AWS credential lacks a part").
			WithHint("run jit request for a new one")
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // would make six bytes of one
	err := enc.Encode(processOutput{
		Version:         1,
		AccessKeyID:     c.AccessKeyID,
		SecretAccessKey: c.SecretAccessKey.Reveal(),
		SessionToken:    c.SessionToken.Reveal(),
		Expiration:      rfc3339(c.ExpiresAt),
	})
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err, "the AWS credential does not make JSON")
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'}), nil
}
