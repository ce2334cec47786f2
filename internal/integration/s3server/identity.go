package s3server

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/versity/versitygw/iamapi/storage"
	"github.com/versity/versitygw/iamapi/types"

	"github.com/jitaccess/jit/internal/sandbox/fakests"
	"github.com/jitaccess/jit/internal/sandbox/sigv4"
)

// RoleARN is the ARN of a role of this name.
func RoleARN(name string) string { return "arn:aws:iam::" + Account + ":role/" + name }

// AddUser makes a user with a key that S3 and STS accept, and whose rights in
// S3 are those of policy, a JSON document; "" gives none.
func (s *Server) AddUser(ctx context.Context, name, policy string) (sigv4.Key, error) {
	key := s.Keys.NewUserKey(Account, name)
	if _, err := s.store.CreateUser(ctx, types.User{
		UserName: name, Path: "/", UserID: key.UserID, Arn: key.ARN, CreateDate: time.Now().UTC(),
	}); err != nil {
		return sigv4.Key{}, err
	}
	if _, err := s.store.CreateAccessKey(ctx, storage.CreateAccessKeyInput{
		UserName: name, AccessKeyID: key.ID, SecretAccessKey: key.Secret,
		Status: "Active", CreateDate: time.Now().UTC(),
	}); err != nil {
		return sigv4.Key{}, err
	}
	if policy == "" {
		return key, nil
	}
	return key, s.store.PutUserPolicy(ctx, storage.PutUserPolicyInput{
		UserName: name, PolicyName: "rights", PolicyDocument: policy,
	})
}

// AddRole makes a role that STS lets role.Trusted assume, and whose rights in
// S3 are those of policy.
func (s *Server) AddRole(ctx context.Context, role fakests.Role, policy string) error {
	name := role.ARN[strings.LastIndexByte(role.ARN, '/')+1:]
	if _, err := s.store.CreateRole(ctx, types.Role{
		RoleName: name, Path: "/", RoleID: sigv4.UniqueID("AROA"), Arn: role.ARN, CreateDate: time.Now().UTC(),
	}); err != nil {
		return err
	}
	s.Trust.AddRole(role)
	return s.store.PutRolePolicy(ctx, storage.PutRolePolicyInput{
		RoleName: name, PolicyName: "rights", PolicyDocument: policy,
	})
}

// assume lets the embedded STS answer, and tells the gateway of the session
// before the caller learns its keys.
func (s *Server) assume(w http.ResponseWriter, r *http.Request) {
	before := len(s.Trust.Sessions())
	answer := httptest.NewRecorder()
	s.Trust.ServeHTTP(answer, r)
	for _, session := range s.Trust.Sessions()[before:] {
		if err := s.admit(r.Context(), session, session.Key.Expires); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

// Expire ends a session early, as far as S3 is concerned.
func (s *Server) Expire(ctx context.Context, session fakests.Session, at time.Time) error {
	return s.admit(ctx, session, at)
}

// admit makes the gateway accept a session's keys.
func (s *Server) admit(ctx context.Context, session fakests.Session, expires time.Time) error {
	name := session.RoleARN[strings.LastIndexByte(session.RoleARN, '/')+1:]
	role, err := s.store.GetRole(ctx, name)
	if err != nil {
		return err
	}
	_, err = s.store.CreateSession(ctx, types.Session{
		AccessKeyId: session.Key.ID, SecretAccessKey: session.Key.Secret, SessionToken: session.Key.Token,
		RoleArn: role.Arn, RoleName: role.RoleName, RoleID: role.RoleID, RoleSessionName: session.Name,
		CreateDate: time.Now().UTC(), Expiration: expires.UTC(), Policy: session.Policy,
	})
	return err
}
