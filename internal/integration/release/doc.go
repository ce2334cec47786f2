// Package release tests what goreleaser left in a directory that JIT_DIST names,
// and holds it to docs/release.md. Without JIT_DIST nothing is tested, unless
// JIT_REQUIRE, a comma-separated list, has the word dist: then that fails.
package release
