package iam

// Bucket is where the audit log is.
type Bucket struct {
	Name   string
	Prefix string // without slashes at its ends
	// Partition is aws, aws-cn or another one that ARNs begin with.
	Partition string
	// Readers are the users and roles that may read all of the log; nil adds none.
	Readers []string
	// Checkpointers are those that may write signed heads; nil adds none.
	Checkpointers []string
}

// Log is the policy for the bucket: a record is created where none is, is never
// changed and never removed, and each writer keeps to a chain. Without a tag that
// tells who a caller is, all of them may write on every chain.
func Log(b Bucket, callers Callers) Document {
	bucket := "arn:" + b.Partition + ":s3:::" + b.Name
	prefix := ""
	if b.Prefix != "" {
		prefix = b.Prefix + "/"
	}
	all := bucket + "/" + prefix + "*"
	own := []string{all}
	if callers.PrincipalTag != "" {
		chain := bucket + "/" + prefix + callers.variable()
		own = []string{chain + "/*", chain + ".*/*"} // a chain that was spoiled goes on as WRITER.2
	}
	everyone, writers := "*", principals(callers.ARNs)
	doc := document(
		// As S3's guide enforces conditional writes: parts of an upload carry no such
		// header, and are no objects yet.
		Statement{Sid: "OnlyWhereNoneIs", Effect: deny, Principal: everyone, Action: []string{"s3:PutObject"}, Resource: []string{all}, Condition: Condition{
			"Null": {"s3:if-none-match": {"true"}}, "Bool": {"s3:ObjectCreationOperation": {"true"}},
		}},
		Statement{Sid: "NeverRemoved", Effect: deny, Principal: everyone, Action: []string{"s3:DeleteObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"}, Resource: []string{all}},
		Statement{Sid: "NotInTheClear", Effect: deny, Principal: everyone, Action: []string{"s3:*"}, Resource: []string{bucket, bucket + "/*"}, Condition: Condition{
			"Bool": {"aws:SecureTransport": {"false"}},
		}},
		Statement{Sid: "OwnChain", Effect: allow, Principal: writers, Action: []string{"s3:GetObject", "s3:PutObject"}, Resource: own},
		Statement{Sid: "FindTheEnd", Effect: allow, Principal: writers, Action: []string{"s3:ListBucket"}, Resource: []string{bucket}, Condition: Condition{
			"StringLike": {"s3:prefix": {prefix + "*"}},
		}},
	)
	if callers.PrincipalTag != "" {
		doc.Statement = append(doc.Statement, Statement{
			Sid: "NoOtherChain", Effect: deny, Principal: writers, Action: []string{"s3:PutObject"}, NotResource: own,
		})
	}
	if len(b.Checkpointers) > 0 {
		doc.Statement = append(doc.Statement, Statement{
			Sid: "Checkpoints", Effect: allow, Principal: principals(b.Checkpointers), Action: []string{"s3:GetObject", "s3:PutObject"},
			Resource: []string{bucket + "/" + prefix + "_checkpoints/*"},
		})
	}
	if readers := append(append([]string{}, b.Readers...), b.Checkpointers...); len(readers) > 0 {
		doc.Statement = append(
			doc.Statement,
			Statement{Sid: "ReadAll", Effect: allow, Principal: principals(readers), Action: []string{"s3:GetObject", "s3:GetObjectVersion"}, Resource: []string{all}},
			Statement{Sid: "ListAll", Effect: allow, Principal: principals(readers), Action: []string{"s3:ListBucket", "s3:ListBucketVersions"}, Resource: []string{bucket}},
		)
	}
	return doc
}
