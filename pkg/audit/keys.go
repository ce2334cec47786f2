package audit

import (
	"bytes"
	"fmt"
)

// maxKeys is how many keys an object may have: each is compared with all, and
// somebody may write a record to keep verifiers busy.
const maxKeys = 1000

// checkKeys refuses an object that two readers could read differently: one that
// names a key twice, of which one reader takes the first and another the last,
// and keys with escapes or letters that encoding/json takes for a key of ours
// and other readers do not. The data must be valid JSON.
func checkKeys(data []byte) error {
	s := keyScan{keys: make([][]byte, 0, 64), open: make([]int, 0, 16)}
	for i := 0; i < len(data); i++ {
		if data[i] != '"' {
			s.punctuation(data[i])
			continue
		}
		end := endOfString(data, i+1)
		if err := s.text(data[i+1 : end]); err != nil {
			return err
		}
		i = end
	}
	return nil
}

// keyScan is where a scan stands.
type keyScan struct {
	keys  [][]byte // of all open objects
	open  []int    // where in keys those of each open object begin; -1 for an array
	isKey bool     // the next string is a key
}

func (s *keyScan) punctuation(c byte) {
	switch c {
	case '{':
		s.open, s.isKey = append(s.open, len(s.keys)), true
	case '[':
		s.open, s.isKey = append(s.open, -1), false
	case '}', ']':
		last := len(s.open) - 1
		if begin := s.open[last]; begin >= 0 {
			s.keys = s.keys[:begin]
		}
		s.open, s.isKey = s.open[:last], false
	case ',':
		s.isKey = s.open[len(s.open)-1] >= 0
	}
}

func (s *keyScan) text(text []byte) error {
	if !s.isKey {
		return nil
	}
	s.isKey = false
	for _, c := range text {
		if c == '\\' || c >= 0x80 || c >= 'A' && c <= 'Z' {
			return fmt.Errorf("the key %q has more than lower-case ASCII", text)
		}
	}
	siblings := s.keys[s.open[len(s.open)-1]:]
	if len(siblings) == maxKeys {
		return fmt.Errorf("an object has more than %d keys", maxKeys)
	}
	for _, k := range siblings {
		if bytes.Equal(k, text) {
			return fmt.Errorf("the key %q is there twice", text)
		}
	}
	s.keys = append(s.keys, text)
	return nil
}

// endOfString is the index of the quote that ends the string begun before i.
func endOfString(data []byte, i int) int {
	for ; data[i] != '"'; i++ {
		if data[i] == '\\' {
			i++
		}
	}
	return i
}
