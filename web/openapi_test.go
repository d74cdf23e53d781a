package web_test

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"cognito-enroll/internal/helpdesk"
	"cognito-enroll/internal/userpool"
	"cognito-enroll/web"
)

// schema is what openapi.json uses of JSON Schema. Keywords that are not here fail the test that reads the file.
type schema = map[string]any

// description is openapi.json.
var description = sync.OnceValue(func() schema {
	text, err := os.ReadFile("openapi.json")
	if err != nil {
		panic(err)
	}
	var doc schema
	if err := json.Unmarshal(text, &doc); err != nil {
		panic(err)
	}
	return doc
})

// at follows names into a part of the description, and references on the way.
func at(part any, names ...string) any {
	for _, name := range names {
		part = resolve(part)
		object, _ := part.(schema)
		part = object[name]
	}
	return resolve(part)
}

func resolve(part any) any {
	object, _ := part.(schema)
	if target, found := object["$ref"].(string); found {
		return at(description(), strings.Split(strings.TrimPrefix(target, "#/"), "/")...)
	}
	return part
}

// traffic is one request and its answer.
type traffic struct {
	method, path, sent string
	status             int
	header             http.Header
	got                string
}

// seen counts the answers that were seen, by operation and status: tests of the API add to it.
var seen sync.Map

// described fails the test unless the description has this route, this status, and fits what was sent and answered.
func described(t testing.TB, e traffic) {
	t.Helper()
	path, operation := operationOf(e.method, e.path)
	if operation == nil {
		t.Errorf("%s %s is not in openapi.json", e.method, e.path)
		return
	}
	answer := at(operation, "responses", fmt.Sprint(e.status))
	if answer == nil {
		t.Errorf("%s %s answered %d, which is not in openapi.json: %s", e.method, path, e.status, e.got)
		return
	}
	seen.Store(e.method+" "+path+" "+fmt.Sprint(e.status), true)
	if request := at(operation, "requestBody", "content", "application/json", "schema"); e.status < 300 && e.sent != "" {
		checkText(t, request, e.sent, false)
	}
	headers, _ := at(answer, "headers").(schema)
	for name, header := range headers {
		value := e.header.Get(name)
		if required, _ := at(header, "required").(bool); required && value == "" {
			t.Errorf("%s %s %d: no %s", e.method, path, e.status, name)
		}
		if value != "" {
			checkHeader(t, at(header, "schema"), name, value)
		}
	}
	content, _ := at(answer, "content").(schema)
	kind := e.header.Get("Content-Type")
	if len(content) == 0 {
		if e.got != "" {
			t.Errorf("%s %s %d: a body where none is described", e.method, path, e.status)
		}
		return
	}
	media, found := content[kind]
	if !found {
		t.Errorf("%s %s %d: %q, want one of %v", e.method, path, e.status, kind, content)
		return
	}
	if plain, _, _ := mime.ParseMediaType(kind); plain == "text/csv" {
		return
	}
	checkText(t, at(media, "schema"), e.got, true)
}

// operationOf finds what describes a request.
func operationOf(method, path string) (string, any) {
	paths, _ := at(description(), "paths").(schema)
	for template := range paths {
		pattern := "^" + regexp.MustCompile(`\\\{[a-z]+\\\}`).ReplaceAllString(regexp.QuoteMeta(template), "[^/]+") + "$"
		if operation := at(paths[template], strings.ToLower(method)); operation != nil && regexp.MustCompile(pattern).MatchString(path) {
			return template, operation
		}
	}
	return "", nil
}

func checkText(t testing.TB, s any, text string, answer bool) {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Errorf("no JSON: %v in %s", err, text)
		return
	}
	for _, fault := range check(s, value, "", answer) {
		t.Errorf("%s, in %s", fault, text)
	}
}

func checkHeader(t testing.TB, s any, name, value string) {
	t.Helper()
	var parsed any = value
	if kind := at(s, "type"); kind == "integer" {
		if json.Unmarshal([]byte(value), &parsed) != nil {
			t.Errorf("%s: %q is no number", name, value)
		}
	}
	for _, fault := range check(s, parsed, name, false) {
		t.Error(fault)
	}
}

// keywords are those that check knows, or may pass over.
var keywords = []string{
	"type", "const", "enum", "pattern", "minLength", "maxLength", "minimum", "maximum", "format", "required", "properties",
	"additionalProperties", "items", "maxItems", "oneOf", "description", "default",
}

// check answers in what way a value is not what a schema says. An answer may have no property that is not described.
func check(s, value any, where string, answer bool) (faults []string) {
	rules, _ := resolve(s).(schema)
	fail := func(format string, args ...any) { faults = append(faults, where+": "+fmt.Sprintf(format, args...)) }
	for keyword := range rules {
		if !slices.Contains(keywords, keyword) {
			fail("the keyword %s is not checked", keyword)
		}
	}
	if one, found := rules["oneOf"].([]any); found {
		fits := 0
		for _, option := range one {
			if len(check(option, value, where, false)) == 0 {
				fits++
				if answer {
					faults = append(faults, check(option, value, where, true)...)
				}
			}
		}
		if fits != 1 {
			fail("fits %d of oneOf", fits)
		}
	}
	if wanted, found := rules["type"]; found && !slices.Contains(typesOf(wanted), typeOf(value)) && (typeOf(value) != "integer" || !slices.Contains(typesOf(wanted), "number")) {
		fail("%v is not %v", value, wanted)
		return faults
	}
	if wanted, found := rules["const"]; found && wanted != value {
		fail("%v is not %v", value, wanted)
	}
	if wanted, found := rules["enum"].([]any); found && !slices.Contains(wanted, value) {
		fail("%v is not one of %v", value, wanted)
	}
	switch value := value.(type) {
	case string:
		faults = append(faults, checkString(rules, value, where)...)
	case float64:
		if least, found := rules["minimum"].(float64); found && value < least {
			fail("%v is less than %v", value, least)
		}
		if most, found := rules["maximum"].(float64); found && value > most {
			fail("%v is more than %v", value, most)
		}
	case []any:
		if most, found := rules["maxItems"].(float64); found && len(value) > int(most) {
			fail("%d items", len(value))
		}
		for i, item := range value {
			faults = append(faults, check(rules["items"], item, fmt.Sprintf("%s[%d]", where, i), answer)...)
		}
	case schema:
		required, _ := rules["required"].([]any)
		for _, name := range required {
			if _, found := value[name.(string)]; !found {
				fail("%s is missing", name)
			}
		}
		properties, _ := rules["properties"].(schema)
		for name, item := range value {
			if property, found := properties[name]; found {
				faults = append(faults, check(property, item, where+"."+name, answer)...)
			} else if rules["additionalProperties"] == false || answer && properties != nil {
				fail("%s is not described", name)
			}
		}
	}
	return faults
}

func checkString(rules schema, value, where string) (faults []string) {
	fail := func(format string, args ...any) { faults = append(faults, where+": "+fmt.Sprintf(format, args...)) }
	if pattern, found := rules["pattern"].(string); found && !regexp.MustCompile(pattern).MatchString(value) {
		fail("%q does not match %s", value, pattern)
	}
	if least, found := rules["minLength"].(float64); found && utf8.RuneCountInString(value) < int(least) {
		fail("%q is too short", value)
	}
	if most, found := rules["maxLength"].(float64); found && utf8.RuneCountInString(value) > int(most) {
		fail("%q is too long", value)
	}
	switch rules["format"] {
	case "date-time":
		if _, err := time.Parse(time.RFC3339, value); err != nil {
			fail("%q is no time", value)
		}
	case "uri":
		if u, err := url.Parse(value); err != nil || !u.IsAbs() {
			fail("%q is no address", value)
		}
	}
	return faults
}

func typesOf(wanted any) []string {
	if one, ok := wanted.(string); ok {
		return []string{one}
	}
	var all []string
	several, _ := wanted.([]any)
	for _, each := range several {
		all = append(all, each.(string))
	}
	return all
}

func typeOf(value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case float64:
		if value == float64(int64(value)) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	}
	return "object"
}

// Every route of the portal under /api/ is described, with every answer that it can give; and whatever is described there
// is, and was seen.
func TestTheAPIIsWhatItsDescriptionSays(t *testing.T) {
	p := openPortal(t, optional)
	for _, route := range p.handler.Load().APIRoutes() {
		if _, operation := operationOf(route.Method, strings.ReplaceAll(route.Path, ":id", "1")); operation == nil {
			t.Errorf("%s %s is not in openapi.json", route.Method, route.Path)
		}
	}
	p.provoke(t)
	paths, _ := at(description(), "paths").(schema)
	for path, methods := range paths {
		for method, operation := range methods.(schema) {
			if method == "parameters" {
				continue
			}
			for status := range at(operation, "responses").(schema) {
				if name := strings.ToUpper(method) + " " + path + " " + status; !has(name) {
					t.Errorf("%s is described, and was never answered", name)
				}
			}
		}
	}
}

func has(name string) bool {
	_, found := seen.Load(name)
	return found
}

// provoke makes every call answer in every way.
func (p *portal) provoke(t *testing.T) {
	t.Helper()
	tickets, reports, hr := p.app(ticketKey), p.app(reportKey), p.app(apiKey)
	tickets.call(http.MethodGet, "/api/v1/openapi.json", "", "Authorization", "").want(http.StatusOK, "")
	p.addPerson("ada")
	p.addPerson("cfo", "finance")
	p.must(p.pool.AddUser(userpool.User{Username: "fred", Password: password, State: userpool.StateNew}))

	made := tickets.invite(wish("ada", "mail", "true", "language", `"de"`, "lifetime_seconds", "7200"), "Idempotency-Key", "k1")
	one := fmt.Sprintf("/api/v1/invites/%d", made.Invite.ID)
	mail := fmt.Sprintf(`{"url":%q}`, made.URL)
	tickets.call(http.MethodGet, one, "").want(http.StatusOK, "")
	tickets.call(http.MethodPost, one+"/piece", "").want(http.StatusCreated, "")
	tickets.call(http.MethodPost, one+"/mail", mail).want(http.StatusNoContent, "")
	tickets.call(http.MethodPost, one+"/mail", mail).want(http.StatusNoContent, "")
	tickets.call(http.MethodPost, one+"/mail", mail).want(http.StatusTooManyRequests, "too_many")
	tickets.call(http.MethodPost, one+"/mail", "{").want(http.StatusBadRequest, "bad_request")
	tickets.call(http.MethodPost, one+"/mail", "url", "Content-Type", "text/plain").want(http.StatusUnsupportedMediaType, "unsupported_media_type")
	tickets.call(http.MethodPost, one+"/mail", strings.Repeat(" ", 17<<10)).want(http.StatusRequestEntityTooLarge, "too_large")
	tickets.call(http.MethodPost, one+"/mail", `{"url":"https://evil.example/i/x"}`).want(http.StatusUnprocessableEntity, "bad_input")
	tickets.call(http.MethodPost, "/api/v1/invites/99/mail", mail).want(http.StatusNotFound, "no_such_link")
	for _, call := range []struct{ method, path string }{{http.MethodGet, ""}, {http.MethodDelete, ""}, {http.MethodPost, "/piece"}} {
		tickets.call(call.method, "/api/v1/invites/99"+call.path, "").want(http.StatusNotFound, "no_such_link")
	}
	tickets.call(http.MethodPost, "/api/v1/invites", wish("cfo")).want(http.StatusForbidden, "needs_approval")
	tickets.call(http.MethodPost, "/api/v1/invites", wish("ada"), "Idempotency-Key", "k1").want(http.StatusConflict, "idempotency_key_reused")
	tickets.call(http.MethodPost, "/api/v1/invites", wish("ada"), "Idempotency-Key", "").want(http.StatusCreated, "")
	tickets.invite(wish("ada"))
	tickets.call(http.MethodPost, "/api/v1/invites", wish("ada")).want(http.StatusTooManyRequests, "too_many")

	freds := tickets.invite(wish("fred"))
	_, err := p.store.PutReset(t.Context(), helpdesk.Reset{Pool: p.pool.Info().UserPoolID, Account: freds.Invite.Account, Username: "fred"})
	p.must(err)
	tickets.call(http.MethodPost, fmt.Sprintf("/api/v1/invites/%d/piece", freds.Invite.ID), "").want(http.StatusConflict, "conflict")
	tickets.call(http.MethodDelete, fmt.Sprintf("/api/v1/invites/%d", freds.Invite.ID), "").want(http.StatusNoContent, "")

	reports.call(http.MethodGet, "/api/v1/coverage", "").want(http.StatusOK, "")
	reports.call(http.MethodGet, "/api/v1/coverage?x=1", "").want(http.StatusBadRequest, "bad_request")
	reports.call(http.MethodGet, "/api/v1/coverage.csv", "").want(http.StatusOK, "")
	reports.call(http.MethodGet, "/api/v1/coverage.csv?x=1", "").want(http.StatusBadRequest, "bad_request")
	p.must(p.recordSetUp(t, "ada"))
	reports.call(http.MethodGet, "/api/v1/ledger?account=ada&limit=1", "").want(http.StatusOK, "")
	reports.call(http.MethodGet, "/api/v1/ledger?limit=x", "").want(http.StatusBadRequest, "bad_request")

	token := *p.signInElsewhere("ada").AuthenticationResult.AccessToken
	hr.call(http.MethodPost, "/api/v1/handoffs", jsonOf("access_token", token)).want(http.StatusCreated, "")
	hr.call(http.MethodPost, "/api/v1/handoffs", jsonOf("access_token", "x")).want(http.StatusUnprocessableEntity, "not_accepted")
	hr.call(http.MethodPost, "/api/v1/handoffs", "{").want(http.StatusBadRequest, "bad_request")
	hr.call(http.MethodPost, "/api/v1/handoffs", "a=b", "Content-Type", "text/plain").want(http.StatusUnsupportedMediaType, "unsupported_media_type")
	hr.call(http.MethodPost, "/api/v1/handoffs", strings.Repeat(" ", 17<<10)).want(http.StatusRequestEntityTooLarge, "too_large")
	tickets.call(http.MethodPost, "/api/v1/invites", "{").want(http.StatusBadRequest, "bad_request")
	tickets.call(http.MethodPost, "/api/v1/invites", "a=b", "Content-Type", "text/plain").want(http.StatusUnsupportedMediaType, "unsupported_media_type")
	tickets.call(http.MethodPost, "/api/v1/invites", strings.Repeat(" ", 17<<10)).want(http.StatusRequestEntityTooLarge, "too_large")
	tickets.call(http.MethodPost, "/api/v1/invites", wish("ada", "ticket", "")).want(http.StatusUnprocessableEntity, "bad_input")

	// Without a desk, without the right key, without a store.
	noDesk := openPortal(t, optional, func(o *portalOptions) { o.noDesk = true })
	for _, key := range []string{"nonsense", noScopeKey, juniorKey} {
		for _, call := range p.everyCall(one, mail, token) {
			p.app(key).call(call.method, call.path, call.body)
			if !strings.HasSuffix(call.path, "/handoffs") {
				noDesk.app(juniorKey).call(call.method, call.path, call.body).want(http.StatusNotFound, "no_help_desk")
			}
		}
	}
	p.mustWait(one, mail, token)
	p.must(p.store.Close())
	for _, call := range p.everyCall(one, mail, token) {
		a := p.app(keyFor(call.scope))
		if a.call(call.method, call.path, call.body); a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" {
			t.Errorf("%s %s without a store: %d %s", call.method, call.path, a.status, a.body)
		}
	}
}

// mustWait asks so often with each key that all of its calls are told to wait, and waits.
func (p *portal) mustWait(one, mail, token string) {
	p.t.Helper()
	for _, key := range []string{apiKey, ticketKey, reportKey} {
		for a := p.app(key); a.status != http.StatusTooManyRequests; {
			a.call(http.MethodGet, "/api/v1/invites/0", "") // not even asked for
		}
	}
	for _, call := range p.everyCall(one, mail, token) {
		p.app(keyFor(call.scope)).call(call.method, call.path, call.body).want(http.StatusTooManyRequests, "too_many_requests")
	}
	p.clock.advance(time.Minute)
}

func keyFor(scope string) string {
	return map[string]string{"handoffs": apiKey, "invites": ticketKey, "coverage": reportKey, "ledger": reportKey}[scope]
}

type apiCall struct{ method, path, body, scope string }

func (p *portal) everyCall(one, mail, token string) []apiCall {
	return []apiCall{
		{http.MethodPost, "/api/v1/handoffs", jsonOf("access_token", token), "handoffs"},
		{http.MethodPost, "/api/v1/invites", wish("ada"), "invites"},
		{http.MethodGet, one, "", "invites"},
		{http.MethodDelete, one, "", "invites"},
		{http.MethodPost, one + "/piece", "", "invites"},
		{http.MethodPost, one + "/mail", mail, "invites"},
		{http.MethodGet, "/api/v1/coverage", "", "coverage"},
		{http.MethodGet, "/api/v1/coverage.csv", "", "ledger"},
		{http.MethodGet, "/api/v1/ledger", "", "ledger"},
	}
}

func (p *portal) recordSetUp(t *testing.T, account string) error {
	t.Helper()
	return pageStore{p.store, p.pool.Info().UserPoolID, p}.Record(t.Context(), account, web.EventSetUp, "Phone")
}

// The checker finds what it must find.
func TestTheCheckerFindsFaults(t *testing.T) {
	invite := at(description(), "components", "schemas", "InviteRequest")
	for text, good := range map[string]bool{
		wish("ada"):                              true,
		wish("ada", "ticket", ""):                false,
		wish("ada", "ticket", "1"):               false,
		wish("ada", "purpose", `"other"`):        false,
		wish("ada", "lifetime_seconds", "299"):   false,
		wish("ada", "lifetime_seconds", "300.5"): false,
		wish("ada", "surplus", "1"):              false,
		wish("ada", "account", `""`):             false,
		`[]`:                                     false,
	} {
		var value any
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			t.Fatal(err)
		}
		if faults := check(invite, value, "", false); (len(faults) == 0) != good {
			t.Errorf("%s: %v", text, faults)
		}
	}
	if faults := check(schema{"type": "string", "uniqueItems": true}, "x", "", false); len(faults) != 1 {
		t.Errorf("an unknown keyword: %v", faults)
	}
}
