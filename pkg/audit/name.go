package audit

import (
	"fmt"
	"strconv"
	"strings"
)

// MaxSeq is the last sequence number that ten digits hold.
const MaxSeq = 9_999_999_999

const (
	seqDigits = 10
	suffix    = ".json"
	// maxPart bounds how often a chain can be spoiled, so that a planted name
	// cannot lead anybody to a number that does not fit.
	maxPart = 999_999
)

// IsWriter reports whether name can be a chain's: 1 to 64 characters of
// [A-Za-z0-9=-], as EscapeID makes them, and for the continuation of a spoiled
// chain a dot and its number, from 2.
func IsWriter(name string) bool {
	base, part := SplitWriter(name)
	if part == 0 || len(base) == 0 || len(base) > maxName {
		return false
	}
	for i := range len(base) {
		if !plain(base[i]) && base[i] != '=' {
			return false
		}
	}
	return true
}

// SplitWriter takes a chain's name apart: "ada.2" is part 2 of "ada", and "ada"
// is part 1. The part is 0 where the number is not one that ContinuedBy makes.
func SplitWriter(name string) (base string, part uint64) {
	base, number, found := strings.Cut(name, ".")
	if !found {
		return base, 1
	}
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil || n < 2 || n > maxPart || strconv.FormatUint(n, 10) != number {
		return base, 0
	}
	return base, n
}

// ContinuedBy is the chain that goes on where the named one was spoiled.
func ContinuedBy(writer string) string {
	base, part := SplitWriter(writer)
	return fmt.Sprintf("%s.%d", base, part+1)
}

// Name is where a record is, below the log's prefix.
func Name(writer string, seq uint64) string { return writer + "/" + FileName(seq) }

// FileName is the last part of a record's name.
func FileName(seq uint64) string { return fmt.Sprintf("%0*d%s", seqDigits, seq, suffix) }

// ParseFileName returns the sequence number that FileName made the name of.
func ParseFileName(file string) (seq uint64, ok bool) {
	digits, ok := strings.CutSuffix(file, suffix)
	if !ok || len(digits) != seqDigits {
		return 0, false
	}
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return 0, false
		}
		seq = seq*10 + uint64(digits[i]-'0')
	}
	return seq, seq > 0
}

func plain(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-'
}
