//go:build !unix

package ownership

import "io/fs"

// judge accepts everything: mode bits say nothing where access lists decide.
func judge(string, fs.FileInfo, bool) error { return nil }
