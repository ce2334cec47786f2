package config

// Config is the configuration, as the design's "Files" section lays it out.
type Config struct {
	Jira    Jira   `yaml:"jira"`
	Policy  string `yaml:"policy"` // a file, or a directory of *.yaml
	Audit   Audit  `yaml:"audit"`
	AWS     AWS    `yaml:"aws"`
	SSH     SSH    `yaml:"ssh"`
	Wallet  string `yaml:"wallet"` // WalletKeyring or WalletFile
	Broker  Broker `yaml:"broker"`
	Sandbox bool   `yaml:"sandbox"` // everything loopback or beside this file

	// Path is the user's file; System the administrator's, or "" where none
	// was read.
	Path, System string `yaml:"-"`
}

// The kinds of wallet.
const (
	WalletKeyring = "keyring" // the key is in the OS keyring
	WalletFile    = "file"    // the key is in a 0600 file beside the wallet
)

// Jira says where the ticket system is and who asks.
type Jira struct {
	URL          string `yaml:"url"`
	Email        string `yaml:"email"`         // Cloud; empty for a Data Center token
	TokenCommand string `yaml:"token_command"` // prints the token
	Gateway      string `yaml:"gateway"`       // for scoped tokens; "" takes the default
}

// Audit says where records go.
type Audit struct {
	Log    string `yaml:"log"`    // s3://BUCKET/PREFIX?region=… or file:///DIR
	Writer string `yaml:"writer"` // "" takes the principal's id
}

// AWS says with which identity roles are assumed.
type AWS struct {
	Profile string `yaml:"profile"`
	Region  string `yaml:"region"`
}

// SSH says which key signs certificates.
type SSH struct {
	CA string `yaml:"ca"` // file:///PATH, agent:SHA256:…, awskms:///KEY
}

// Broker says which broker decides, where there is one.
type Broker struct {
	URL string `yaml:"url"`
}
