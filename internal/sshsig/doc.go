// Package sshsig signs messages with SSH keys, and says who of a list of allowed
// signers signed one, in the format of ssh-keygen -Y sign and -Y verify
// (https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.sshsig), so
// that nobody needs jit to check what jit signed, nor the other way round.
//
// A signature is for a namespace, such as jit-checkpoint: one that was made for
// a purpose counts for no other.
package sshsig
