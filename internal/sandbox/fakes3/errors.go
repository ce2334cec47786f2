package fakes3

import (
	"encoding/xml"
	"fmt"
	"net/http"

	"github.com/jitaccess/jit/internal/sandbox/sigv4"
)

// apiError is an error of S3.
type apiError struct {
	status        int
	code, message string
}

func (e *apiError) Error() string { return e.code + ": " + e.message }

func errorf(status int, code, format string, args ...any) *apiError {
	return &apiError{status: status, code: code, message: fmt.Sprintf(format, args...)}
}

type errorBody struct {
	XMLName       xml.Name `xml:"Error"`
	Code, Message string
	Resource      string
	RequestID     string `xml:"RequestId"`
}

func writeError(w http.ResponseWriter, r *http.Request, e *apiError) {
	id := sigv4.UniqueID("")
	w.Header().Set("X-Amz-Request-Id", id)
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(e.status)
	if r.Method == http.MethodHead {
		return // S3 sends the status alone
	}
	body, err := xml.Marshal(errorBody{Code: e.code, Message: e.message, Resource: r.URL.Path, RequestID: id})
	if err == nil {
		_, _ = w.Write(append([]byte(xml.Header), body...))
	}
}
