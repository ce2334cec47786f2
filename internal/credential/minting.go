package credential

import "context"

// Minting is a credential that is about to exist.
type Minting interface {
	// Facts are what the record tells.
	Facts() Facts
	// Mint asks the issuer, once. A fault.Error of class Issuer or Auth is a
	// definite refusal: nothing was minted. An error for which IsUnknown holds
	// means that the answer was lost.
	Mint(ctx context.Context) (Credential, error)
}
