package audit

import (
	"errors"
	"fmt"
	"strings"
)

// This file alone knows the schema: OCSF 1.8.0, class 3005 User Access
// Management (https://schema.ocsf.io/1.8.0/classes/user_access).
//
// OCSF 1.9 deprecates the class for 3007, User Management, of the same
// category. To move there, change in this file: ocsfVersion to 1.9.0,
// classAccess to 3007, activityGive to 14 (Assign Privileges) and activityTake
// to 15 (Remove Privileges, which meaningOf names). Attributes stay as they
// are: user is required there too, privileges and resources are recommended,
// and updated_user, which we have nothing to put in, is. Decode takes records of
// either class, since a chain goes on where its writer is upgraded.
const (
	ocsfVersion  = "1.8.0"
	categoryIAM  = 3
	classAccess  = 3005
	activityGive = 1  // Assign Privileges
	activityTake = 2  // Revoke Privileges
	activityElse = 99 // named by activity_name
)

// Values of status_id and severity_id.
const (
	statusUnknown = 0
	statusSuccess = 1
	statusFailure = 2

	severityInformational = 1
	severityLow           = 2
	severityMedium        = 3
)

// envelope is the event as OCSF lays it out; the fields are written in this
// order.
type envelope struct {
	ActivityID   int            `json:"activity_id"`
	ActivityName string         `json:"activity_name"`
	CategoryUID  int            `json:"category_uid"`
	ClassUID     int            `json:"class_uid"`
	TypeUID      int            `json:"type_uid"`
	Time         int64          `json:"time"` // milliseconds since 1970
	SeverityID   int            `json:"severity_id"`
	StatusID     int            `json:"status_id"`
	StatusDetail string         `json:"status_detail,omitempty"`
	Message      string         `json:"message"`
	Metadata     metadata       `json:"metadata"`
	Actor        actor          `json:"actor"`
	User         user           `json:"user"`
	Privileges   []string       `json:"privileges"`
	Resources    []ocsfResource `json:"resources,omitempty"`
	Unmapped     unmapped       `json:"unmapped"`
}

type metadata struct {
	Version        string  `json:"version"`
	Product        product `json:"product"`
	UID            string  `json:"uid"`
	CorrelationUID string  `json:"correlation_uid,omitempty"`
	Sequence       uint64  `json:"sequence"`
}

type product struct {
	Name       string `json:"name"`
	VendorName string `json:"vendor_name"`
	Version    string `json:"version,omitempty"`
}

type actor struct {
	AppName string `json:"app_name"`
	User    user   `json:"user"`
}

type user struct {
	UID  string `json:"uid"`
	Name string `json:"name,omitempty"`
}

type ocsfResource struct {
	UID  string `json:"uid,omitempty"`
	Name string `json:"name"`
	Type string `json:"type"`
}

type unmapped struct {
	JIT extension `json:"jit"`
}

// meaning is how a kind of event reads in OCSF.
type meaning struct {
	activity int
	name     string
	status   int
	severity int
}

func meaningOf(k Kind) meaning {
	switch k {
	case Issued:
		return meaning{activityGive, "Assign Privileges", statusSuccess, severityInformational}
	case Revoked:
		return meaning{activityTake, "Revoke Privileges", statusSuccess, severityInformational}
	case Denied, Failed:
		return meaning{activityGive, "Assign Privileges", statusFailure, severityLow}
	case Probe:
		return meaning{activityElse, string(k), statusSuccess, severityInformational}
	case Unknown:
		return meaning{activityElse, string(k), statusUnknown, severityMedium}
	}
	return meaning{activityElse, string(k), statusUnknown, severityInformational}
}

// wrap lays an event out as OCSF does.
func wrap(e Event, ext extension) envelope {
	m := meaningOf(e.Kind)
	who := user{UID: e.Principal.ID, Name: e.Principal.Name}
	if who.UID == "" {
		who.UID = ext.Writer // OCSF's user needs a name; a probe has no principal
	}
	uid := e.UID
	if uid == "" {
		uid = Name(ext.Writer, ext.Seq)
	}
	return envelope{
		ActivityID: m.activity, ActivityName: m.name,
		CategoryUID: categoryIAM, ClassUID: classAccess, TypeUID: classAccess*100 + m.activity,
		Time: e.Time.UnixMilli(), SeverityID: m.severity, StatusID: m.status,
		StatusDetail: ext.Error, Message: message(e),
		Metadata: metadata{
			Version: ocsfVersion, Product: product{"jit", "jitaccess", e.Version},
			UID: uid, CorrelationUID: e.Grant, Sequence: ext.Seq,
		},
		Actor: actor{AppName: "jit", User: who}, User: who,
		Privileges: e.privileges(), Resources: e.resources(),
		Unmapped: unmapped{ext},
	}
}

// privileges are the entitlements that the event is about; never nil, since
// OCSF wants the attribute.
func (e Event) privileges() []string {
	switch {
	case e.Entitlement != "":
		return []string{e.Entitlement}
	case len(e.Entitlements) > 0:
		return e.Entitlements
	}
	return []string{}
}

func (e Event) resources() []ocsfResource {
	switch {
	case e.AWS != nil:
		return []ocsfResource{{UID: e.AWS.RoleARN, Name: e.Entitlement, Type: "AWS role"}}
	case e.SSH != nil:
		return []ocsfResource{{UID: e.SSH.CA, Name: e.Entitlement, Type: "SSH certificate authority"}}
	}
	return nil
}

// message is the event in a line for people.
func message(e Event) string {
	var b strings.Builder
	b.WriteString(string(e.Kind))
	for _, part := range []struct{ before, text string }{
		{"", strings.Join(e.privileges(), ", ")},
		{"to ", e.Principal.Name},
		{"for ", e.Ticket},
	} {
		if part.text != "" {
			fmt.Fprintf(&b, " %s%s", part.before, part.text)
		}
	}
	return b.String()
}

// check refuses an envelope that contradicts itself. Classes and activities
// other than those of today may come from a later jit, and are let through.
func (v *envelope) check() error {
	if v.TypeUID != v.ClassUID*100+v.ActivityID {
		return fmt.Errorf("type_uid is %d for class %d and activity %d", v.TypeUID, v.ClassUID, v.ActivityID)
	}
	if v.ClassUID/1000 != v.CategoryUID || v.CategoryUID != categoryIAM {
		return fmt.Errorf("category %d, class %d is no event of identity and access management", v.CategoryUID, v.ClassUID)
	}
	if v.Metadata.Version == "" || v.Metadata.UID == "" || v.User.UID == "" || v.Time <= 0 {
		return errors.New("metadata.version, metadata.uid, user.uid or time is missing")
	}
	ext := &v.Unmapped.JIT
	if v.ClassUID == classAccess && v.ActivityID != meaningOf(ext.Event).activity && known(ext.Event) {
		return fmt.Errorf("activity %d is not what %q is", v.ActivityID, ext.Event)
	}
	if ext.Principal.ID != "" && ext.Principal.ID != v.User.UID {
		return fmt.Errorf("user.uid %q is not the principal %q", v.User.UID, ext.Principal.ID)
	}
	return nil
}

func known(k Kind) bool {
	switch k {
	case Issued, Revoked, Denied, Failed, Unknown, Probe:
		return true
	}
	return false
}
