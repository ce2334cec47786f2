package audit_test

// What OCSF 1.8.0 says of class 3005, User Access Management, and of the objects
// that its events hold, copied down by hand. The source of each part is a file
// of https://github.com/ocsf/ocsf-schema at v1.8.0, which
// https://schema.ocsf.io/1.8.0/classes/user_access shows as one page.
// Attributes of profiles are left out but for host's actor, which iam.json takes
// out of its profile: no event of ours names a profile.

// ocsfNeed is what the schema calls an attribute's requirement.
type ocsfNeed string

const (
	required    ocsfNeed = "required"
	recommended ocsfNeed = "recommended"
	optional    ocsfNeed = "optional"
)

// ocsfAttribute is one attribute of a class or an object. One of the types is
// given: a scalar's name in dictionary.json, or an object's attributes.
type ocsfAttribute struct {
	need   ocsfNeed
	scalar string // integer_t, long_t, timestamp_t, boolean_t, string_t and what is derived from it, json_t
	object *ocsfObject
	list   bool
	enum   []int // the values that integer_t may have; nil for any
}

// ocsfObject is an object, or a class.
type ocsfObject struct {
	attributes map[string]ocsfAttribute
	oneOf      []string // constraints.at_least_one
}

func scalar(need ocsfNeed, name string) ocsfAttribute {
	return ocsfAttribute{need: need, scalar: name}
}

func enumerated(need ocsfNeed, values ...int) ocsfAttribute {
	return ocsfAttribute{need: need, scalar: "integer_t", enum: values}
}

func texts(need ocsfNeed, names ...string) map[string]ocsfAttribute {
	all := map[string]ocsfAttribute{}
	for _, name := range names {
		all[name] = scalar(need, "string_t")
	}
	return all
}

func with(all map[string]ocsfAttribute, more map[string]ocsfAttribute) map[string]ocsfAttribute {
	for name, a := range more {
		all[name] = a
	}
	return all
}

// userAccess is events/iam/user_access.json, which extends iam.json and so
// base_event.json. The values of severity_id and status_id are those of
// dictionary.json; 3005 = category 3 (categories.json) × 1000 + uid 5.
func userAccess() *ocsfObject {
	person, resource := userObject(), resourceObject()
	return &ocsfObject{attributes: with(texts(optional, "activity_name", "category_name", "class_name", "severity", "type_name", "raw_data"), map[string]ocsfAttribute{
		// user_access.json
		"activity_id": enumerated(required, 0, 1, 2, 99), // Unknown, Assign Privileges, Revoke Privileges, Other
		"privileges":  {need: required, scalar: "string_t", list: true},
		"resource":    {need: optional, object: resource}, // recommended, and since 1.5.0 deprecated for resources
		"resources":   {need: recommended, object: resource, list: true},
		"user":        {need: required, object: person},
		// iam.json
		"actor":         {need: recommended, object: actorObject(person)},
		"http_request":  {need: optional, object: &ocsfObject{}},
		"http_response": {need: optional, object: &ocsfObject{}},
		"src_endpoint":  {need: recommended, object: &ocsfObject{}},
		// base_event.json
		"category_uid":    enumerated(required, 3),
		"class_uid":       enumerated(required, 3005),
		"type_uid":        {need: required, scalar: "long_t"},
		"severity_id":     enumerated(required, 0, 1, 2, 3, 4, 5, 6, 99),
		"time":            scalar(required, "timestamp_t"),
		"metadata":        {need: required, object: metadataObject()},
		"message":         scalar(recommended, "string_t"),
		"status":          scalar(recommended, "string_t"),
		"status_code":     scalar(recommended, "string_t"),
		"status_detail":   scalar(recommended, "string_t"),
		"status_id":       enumerated(recommended, 0, 1, 2, 99), // Unknown, Success, Failure, Other
		"timezone_offset": scalar(recommended, "integer_t"),
		"observables":     {need: recommended, object: &ocsfObject{}, list: true},
		"count":           scalar(optional, "integer_t"),
		"duration":        scalar(optional, "long_t"),
		"start_time":      scalar(optional, "timestamp_t"),
		"end_time":        scalar(optional, "timestamp_t"),
		"enrichments":     {need: optional, object: &ocsfObject{}, list: true},
		"raw_data_hash":   {need: optional, object: &ocsfObject{}},
		"raw_data_size":   scalar(optional, "long_t"),
		"unmapped":        scalar(optional, "json_t"),
	})}
}

// metadataObject is objects/metadata.json.
func metadataObject() *ocsfObject {
	product := &ocsfObject{ // objects/product.json, which extends _entity.json
		attributes: with(texts(optional, "cpe_name", "feature", "lang", "path", "url_string"),
			texts(recommended, "name", "uid", "vendor_name", "version")),
		oneOf: []string{"name", "uid"},
	}
	return &ocsfObject{attributes: with(texts(optional,
		"correlation_uid", "event_code", "log_format", "log_level", "log_provider", "log_source", "log_version",
		"original_event_uid", "source", "type", "uid"),
		map[string]ocsfAttribute{
			"version":        scalar(required, "string_t"),
			"product":        {need: required, object: product},
			"log_name":       scalar(recommended, "string_t"),
			"original_time":  scalar(recommended, "string_t"),
			"reporter":       {need: recommended, object: &ocsfObject{}},
			"tenant_uid":     scalar(recommended, "string_t"),
			"sequence":       scalar(optional, "integer_t"),
			"labels":         {need: optional, scalar: "string_t", list: true},
			"profiles":       {need: optional, scalar: "string_t", list: true},
			"logged_time":    scalar(optional, "timestamp_t"),
			"modified_time":  scalar(optional, "timestamp_t"),
			"processed_time": scalar(optional, "timestamp_t"),
			"transmit_time":  scalar(optional, "timestamp_t"),
			"is_truncated":   scalar(optional, "boolean_t"),
		})}
}

// userObject is objects/user.json, which extends _entity.json.
func userObject() *ocsfObject {
	return &ocsfObject{
		attributes: with(texts(optional, "credential_uid", "display_name", "domain", "email_addr", "forward_addr", "full_name", "phone_number", "risk_level", "type", "uid_alt"),
			map[string]ocsfAttribute{
				"name":          scalar(recommended, "string_t"),
				"uid":           scalar(recommended, "string_t"),
				"has_mfa":       scalar(recommended, "boolean_t"),
				"type_id":       enumerated(recommended, 0, 1, 2, 3, 4, 99),
				"account":       {need: optional, object: &ocsfObject{}},
				"groups":        {need: optional, object: &ocsfObject{}, list: true},
				"org":           {need: optional, object: &ocsfObject{}},
				"risk_level_id": enumerated(optional, 0, 1, 2, 3, 4, 99),
				"risk_score":    scalar(optional, "integer_t"),
			}),
		oneOf: []string{"account", "name", "uid"},
	}
}

// actorObject is objects/actor.json.
func actorObject(person *ocsfObject) *ocsfObject {
	return &ocsfObject{
		attributes: with(texts(optional, "app_name", "app_uid", "invoked_by"), map[string]ocsfAttribute{
			"user":           {need: recommended, object: person},
			"process":        {need: recommended, object: &ocsfObject{}},
			"authorizations": {need: optional, object: &ocsfObject{}, list: true},
			"idp":            {need: optional, object: &ocsfObject{}},
			"session":        {need: optional, object: &ocsfObject{}},
		}),
		oneOf: []string{"process", "user", "invoked_by", "session", "app_name", "app_uid"},
	}
}

// resourceObject is objects/resource_details.json, which extends _resource.json
// and so _entity.json.
func resourceObject() *ocsfObject {
	return &ocsfObject{
		attributes: with(texts(optional, "criticality", "group", "namespace", "role", "type", "uid_alt", "version"),
			map[string]ocsfAttribute{
				"name":          scalar(recommended, "string_t"),
				"uid":           scalar(recommended, "string_t"),
				"hostname":      scalar(recommended, "string_t"),
				"ip":            scalar(recommended, "string_t"),
				"owner":         {need: recommended, object: &ocsfObject{}},
				"role_id":       enumerated(recommended, 0, 1, 2, 3, 4, 99),
				"created_time":  scalar(optional, "timestamp_t"),
				"modified_time": scalar(optional, "timestamp_t"),
				"data":          scalar(optional, "json_t"),
				"is_backed_up":  scalar(optional, "boolean_t"),
				"labels":        {need: optional, scalar: "string_t", list: true},
			}),
		oneOf: []string{"name", "uid"},
	}
}
