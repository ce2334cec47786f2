package awssts

import (
	"context"
	"regexp"
	"strings"
	"sync"

	"github.com/jitaccess/jit/internal/credential"
	"github.com/jitaccess/jit/internal/fault"
)

// codePattern is STS's TokenCode: six digits.
var codePattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[0-9]{6}$`)
})

// code returns the one-time code of an order, or "" where it needs none.
func (i *Issuer) code(ctx context.Context, order credential.Order) (string, error) {
	serial := order.Entitlement.AWS.MFASerial
	switch {
	case serial == "":
		return "", nil
	case order.MFACode != "":
		return cleanCode(order.MFACode)
	case i.o.MFAPrompt == nil:
		return "", fault.New(fault.Usage, "entitlement %s needs a code of the MFA device %s", order.Entitlement.Name, oneLine(serial)).
			WithHint("give it with --mfa-code, or run the request on a terminal")
	}
	return askCode(ctx, i.o.MFAPrompt, serial)
}

// askCode asks the user. What the prompt refuses with keeps its class; any
// other error is a code that was not given, of class Usage.
func askCode(ctx context.Context, prompt MFAPrompt, serial string) (string, error) {
	code, err := prompt(ctx, serial)
	if err != nil {
		if own := ownFault(err); own != nil {
			return "", own
		}
		if ctx.Err() != nil {
			return "", stopped(ctx)
		}
		return "", fault.Wrap(fault.Usage, err, "no MFA code was given").WithHint("give it with --mfa-code")
	}
	return cleanCode(code)
}

func cleanCode(code string) (string, error) {
	code = strings.Join(strings.Fields(code), "") // devices show 123 456
	if !codePattern().MatchString(code) {
		return "", fault.New(fault.Usage, "an MFA code has six digits").
			WithHint("give the code that the device shows now; jit takes no security keys here, as AWS does not")
	}
	return code, nil
}
