package auditlog

import (
	"errors"
	"strings"
	"testing"
)

func TestToldErrorShowsNoKeyAndNoEscape(t *testing.T) {
	secret := strings.Repeat("FwoGZXIvYXdz", 8)
	cause := errors.New("InvalidToken: \x1b[31m" + secret + " is malformed " + strings.Repeat("and long ", 100))
	got := toldError{cause}
	if text := got.Error(); strings.Contains(text, secret[:40]) || strings.Contains(text, "\x1b") || len([]rune(text)) > maxTold {
		t.Errorf("%q", text)
	}
	if !strings.HasPrefix(got.Error(), "InvalidToken: ") || !errors.Is(got, cause) {
		t.Errorf("%v", got)
	}
}
