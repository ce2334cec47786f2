// Package integration tests jit against real servers and tools: versitygw,
// OpenSSH, gnome-keyring, Debian's awscli, Terraform, and a network with round
// trips that cost something. It is a module of its own so that none of this weighs on the
// program's.
//
// A test whose tool is missing is skipped, unless JIT_REQUIRE, a comma-separated
// list, has its word: then it fails. Terraform has no word, since no package of
// Debian has it.
package integration
