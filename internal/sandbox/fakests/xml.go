package fakests

import (
	"encoding/xml"
	"fmt"
	"net/http"

	"github.com/jitaccess/jit/internal/sandbox/sigv4"
)

const namespace = "https://sts.amazonaws.com/doc/2011-06-15/"

// apiError is an error of the Query protocol.
type apiError struct {
	status        int
	code, message string
}

func (e *apiError) Error() string { return e.code + ": " + e.message }

func errorf(status int, code, format string, args ...any) *apiError {
	return &apiError{status: status, code: code, message: fmt.Sprintf(format, args...)}
}

// invalid is the one shape of STS's complaint about a parameter.
func invalid(format string, args ...any) *apiError {
	return errorf(http.StatusBadRequest, "ValidationError", "1 validation error detected: "+format, args...)
}

type metadata struct {
	RequestID string `xml:"RequestId"`
}

type callerIdentity struct {
	XMLName xml.Name `xml:"GetCallerIdentityResponse"`
	XMLNS   string   `xml:"xmlns,attr"`
	Result  struct {
		Arn     string
		UserID  string `xml:"UserId"`
		Account string
	} `xml:"GetCallerIdentityResult"`
	Metadata metadata `xml:"ResponseMetadata"`
}

func newCallerIdentity(who sigv4.Identity) callerIdentity {
	r := callerIdentity{XMLNS: namespace, Metadata: newMetadata()}
	r.Result.Arn, r.Result.UserID, r.Result.Account = who.ARN, who.UserID, who.Account
	return r
}

type assumedRole struct {
	XMLName xml.Name `xml:"AssumeRoleResponse"`
	XMLNS   string   `xml:"xmlns,attr"`
	Result  struct {
		SourceIdentity  string `xml:",omitempty"`
		AssumedRoleUser struct {
			AssumedRoleID string `xml:"AssumedRoleId"`
			Arn           string
		}
		Credentials struct {
			AccessKeyID     string `xml:"AccessKeyId"`
			SecretAccessKey string
			SessionToken    string
			Expiration      string
		}
		PackedPolicySize int `xml:",omitempty"`
	} `xml:"AssumeRoleResult"`
	Metadata metadata `xml:"ResponseMetadata"`
}

type errorResponse struct {
	XMLName xml.Name `xml:"ErrorResponse"`
	XMLNS   string   `xml:"xmlns,attr"`
	Error   struct {
		Type    string
		Code    string
		Message string
	}
	RequestID string `xml:"RequestId"`
}

// newMetadata draws a request id.
func newMetadata() metadata { return metadata{RequestID: sigv4.UniqueID("sandbox-")} }

func writeResult(w http.ResponseWriter, result any) { write(w, http.StatusOK, result) }

func writeError(w http.ResponseWriter, e *apiError) {
	r := errorResponse{XMLNS: namespace, RequestID: newMetadata().RequestID}
	r.Error.Type, r.Error.Code, r.Error.Message = "Sender", e.code, e.message
	if e.status >= http.StatusInternalServerError {
		r.Error.Type = "Receiver"
	}
	write(w, e.status, r)
}

func write(w http.ResponseWriter, status int, v any) {
	body, err := xml.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that went away is no concern of ours
}
