package config

// Config is the configuration, as the design's "Files" section lays it out.
type Config struct {
	Jira   Jira   `yaml:"jira,omitempty"`
	Policy string `yaml:"policy,omitempty"` // a file, or a directory of *.yaml
	// PolicySigners are lines of an allowed signers file (ssh-keygen(1)); where there
	// are any, a policy that none of them signed is refused.
	PolicySigners []string `yaml:"policy_signers,omitempty"`
	// PolicyMinSerial is the lowest serial that a signed policy may have.
	PolicyMinSerial uint64 `yaml:"policy_min_serial,omitempty"`
	Audit           Audit  `yaml:"audit,omitempty"`
	AWS             AWS    `yaml:"aws,omitempty"`
	SSH             SSH    `yaml:"ssh,omitempty"`
	Wallet          string `yaml:"wallet,omitempty"` // WalletKeyring or WalletFile
	Broker          Broker `yaml:"broker,omitempty"`
	Sandbox         bool   `yaml:"sandbox,omitempty"` // everything loopback or beside this file

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
	URL          string `yaml:"url,omitempty"`
	Email        string `yaml:"email,omitempty"`         // Cloud; empty for a Data Center token
	TokenCommand string `yaml:"token_command,omitempty"` // prints the token
	Gateway      string `yaml:"gateway,omitempty"`       // for scoped tokens; "" takes the default
}

// Audit says where records go.
type Audit struct {
	Log    string `yaml:"log,omitempty"`    // s3://BUCKET/PREFIX?region=… or file:///DIR
	Writer string `yaml:"writer,omitempty"` // "" takes the principal's id
	// CheckpointKeys are whose checkpoints count: lines of an allowed signers
	// file, or bare public keys.
	CheckpointKeys []string `yaml:"checkpoint_keys,omitempty"`
}

// AWS says with which identity roles are assumed.
type AWS struct {
	Profile string `yaml:"profile,omitempty"`
	Region  string `yaml:"region,omitempty"`
}

// SSH says which key signs certificates.
type SSH struct {
	CA string `yaml:"ca,omitempty"` // file:///PATH, agent:SHA256:…, awskms:///KEY
}

// Broker says which broker decides, where there is one.
type Broker struct {
	URL string `yaml:"url,omitempty"`
}
