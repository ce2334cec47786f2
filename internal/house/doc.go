// Package house holds the module to its own layout: who may import whom, what
// source files may contain and how long they may be, and which dependencies
// there are. It has tests only.
package house
