// Package audit reads and verifies the audit log of jit.
//
// A log is a tree of records, WRITER/SEQ.json below a prefix. Each record is
// one line of JSON: an OCSF 1.8 event of the class User Access Management,
// whose unmapped.jit has what OCSF has no place for. A writer's records form a
// chain, since each holds the SHA-256 of the one before it. A chain that was
// spoiled goes on as WRITER.2, whose first record names the last good one.
// Names that begin with an underscore are never writers.
//
// Verify holds a whole log, or a copy of it, to this. What a chain alone cannot
// tell is whether its last records were cut off or changed: that takes somebody
// who knows them, for which Options.Known is there.
package audit
