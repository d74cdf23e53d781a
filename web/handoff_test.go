package web_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognito-enroll/internal/userpool"
)

// handOff asks for a hand-off as another application does, and answers the path of its address.
func (b *browser) handOff(body string, headers ...string) (path string) {
	b.t.Helper()
	r := b.request(http.MethodPost, "/api/v1/handoffs", nil)
	setBody(r, body)
	r.Header = http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + apiKey}}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	b.do(r)
	var answer struct {
		URL string `json:"url"`
	}
	if b.answer.StatusCode == http.StatusCreated {
		b.must(json.Unmarshal(b.body, &answer))
	}
	return strings.TrimPrefix(answer.URL, b.server.URL)
}

// signInElsewhere is another application's sign-in.
func (p *portal) signInElsewhere(name string) *cip.InitiateAuthOutput {
	p.t.Helper()
	out, err := p.admin().InitiateAuth(p.t.Context(), &cip.InitiateAuthInput{
		AuthFlow: types.AuthFlowTypeUserPasswordAuth, ClientId: aws.String(p.pool.Info().ClientID),
		AuthParameters: map[string]string{"USERNAME": name, "PASSWORD": password},
	})
	p.must(err)
	return out
}

// signInElsewhereWithCode is another application's sign-in of somebody who has an app.
func (p *portal) signInElsewhereWithCode(name, code string) (accessToken string) {
	p.t.Helper()
	out := p.signInElsewhere(name)
	answer, err := p.admin().RespondToAuthChallenge(p.t.Context(), &cip.RespondToAuthChallengeInput{
		ClientId: aws.String(p.pool.Info().ClientID), ChallengeName: out.ChallengeName, Session: out.Session,
		ChallengeResponses: map[string]string{"USERNAME": name, "SOFTWARE_TOKEN_MFA_CODE": code},
	})
	p.must(err)
	return *answer.AuthenticationResult.AccessToken
}

func jsonOf(pairs ...string) string {
	fields := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		fields[pairs[i]] = pairs[i+1]
	}
	text, _ := json.Marshal(fields)
	return string(text)
}

func TestAnApplicationHandsOverAnAccessToken(t *testing.T) {
	p := openPortal(t, optional)
	p.addUser("ada", userpool.StateNew)
	token := *p.signInElsewhere("ada").AuthenticationResult.AccessToken
	app, b := p.browser(), p.browser()
	path := app.handOff(jsonOf("access_token", token, "return_to", "hr"))
	app.status(http.StatusCreated)
	if strings.Contains(string(app.body), token) {
		t.Error("the token is in the address")
	}
	for range 3 { // previews and scanners
		p.browser().get(path).status(http.StatusOK)
	}
	b.get(path).golden("handoff.html")
	b.submit(path).at("/authenticator").text("header", "ada")
	b.submit("/authenticator/start").at("/set-up")
	b.submit("/set-up/verify", "code", p.code(b.key())).at("/done").text("main", "Continue to Northwind HR")
	if got := b.page.Attr(`a.btn`, "href"); got != "https://hr.example/done?x=1" {
		t.Errorf("goes on at %q", got)
	}

	late := p.browser()
	late.do(late.request(http.MethodPost, path, nil)).status(http.StatusGone).text("h1", "used already")
}

func TestAnApplicationHandsOverASession(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	out := p.signInElsewhere("ada")
	app, b := p.browser(), p.browser()
	path := app.handOff(jsonOf("username", "ada", "session", *out.Session))
	b.get(path).submit(path).at("/set-up").text("header", "ada")
	b.submit("/set-up/verify", "code", p.code(b.key())).at("/done").text("main", "Continue to Intranet")
}

// A token alone does not replace an app that works: how the other application signed its user in is not known.
func TestAHandOffDoesNotReplaceAWorkingApp(t *testing.T) {
	p := openPortal(t, optional)
	key := p.addUser("edsger", userpool.StateEnrolled)
	token := p.signInElsewhereWithCode("edsger", p.code(key))
	path := p.browser().handOff(jsonOf("access_token", token, "return_to", "hr"))
	b := p.browser()
	b.get(path).submit(path).at("/sign-in").text(".msg", "set up for this account already")
	b.submit("/sign-in", "password", password).at("/challenge").submit("/challenge", "code", p.nextCode(key)).at("/authenticator").
		submit("/authenticator/start").at("/set-up")
	b.submit("/set-up/verify", "code", p.nextCode(b.key())).at("/done").text("a.btn", "Northwind HR")
}

func TestAHandOffExpires(t *testing.T) {
	p := openPortal(t, optional)
	p.addUser("ada", userpool.StateNew)
	path := p.browser().handOff(jsonOf("access_token", *p.signInElsewhere("ada").AuthenticationResult.AccessToken))
	p.clock.advance(61 * time.Second)
	b := p.browser()
	b.get(path).submit(path).status(http.StatusGone)
}

func TestHandOffsThatAreRefused(t *testing.T) {
	p, other := openPortal(t, optional), openPortal(t, optional)
	for _, portal := range []*portal{p, other} {
		portal.addUser("ada", userpool.StateNew)
	}
	result := p.signInElsewhere("ada").AuthenticationResult
	good := jsonOf("access_token", *result.AccessToken)
	signature := strings.LastIndex(*result.AccessToken, ".") + 10
	tampered := (*result.AccessToken)[:signature] + "x" + (*result.AccessToken)[signature+1:]
	for _, test := range []struct {
		what, body string
		headers    []string
		status     int
	}{
		{"no key", good, []string{"Authorization", ""}, http.StatusUnauthorized},
		{"wrong key", good, []string{"Authorization", "Bearer no-key-of-anybody"}, http.StatusUnauthorized},
		{"key without scheme", good, []string{"Authorization", apiKey}, http.StatusUnauthorized},
		{"a form", good, []string{"Content-Type", "application/x-www-form-urlencoded"}, http.StatusUnsupportedMediaType},
		{"no JSON", "{", nil, http.StatusBadRequest},
		{"two objects", good + good, nil, http.StatusBadRequest},
		{"unknown field", `{"access_token":"x","url":"https://evil.example"}`, nil, http.StatusBadRequest},
		{"huge", `{"access_token":"` + strings.Repeat("x", 20_000) + `"}`, nil, http.StatusRequestEntityTooLarge},
		{"nothing in it", "{}", nil, http.StatusUnprocessableEntity},
		{"token and session", jsonOf("access_token", *result.AccessToken, "username", "ada", "session", "x"), nil, http.StatusUnprocessableEntity},
		{"ID token", jsonOf("access_token", *result.IdToken), nil, http.StatusUnprocessableEntity},
		{"tampered token", jsonOf("access_token", tampered), nil, http.StatusUnprocessableEntity},
		{"token of another pool", jsonOf("access_token", *other.signInElsewhere("ada").AuthenticationResult.AccessToken), nil, http.StatusUnprocessableEntity},
		{"unsigned token", jsonOf("access_token", "eyJhbGciOiJub25lIn0.e30."), nil, http.StatusUnprocessableEntity},
	} {
		app := p.browser()
		app.handOff(test.body, test.headers...)
		app.status(test.status)
		if kind := app.answer.Header.Get("Content-Type"); kind != "application/problem+json" {
			t.Errorf("%s: answered %s", test.what, kind)
		}
		if t.Failed() {
			t.Fatalf("with %s", test.what)
		}
	}
	p.clock.advance(2 * time.Hour)
	app := p.browser()
	app.handOff(good)
	app.status(http.StatusUnprocessableEntity) // expired
}

func TestReturnsAreKeysOfTheOperatorsList(t *testing.T) {
	p := openPortal(t)
	for i, test := range []struct{ key, name string }{
		{"hr", "Northwind HR"},
		{"intranet", "Intranet"},
		{"", "Intranet"},
		{"https://evil.example", "Intranet"},
		{"//evil.example", "Intranet"},
		{"HR", "Intranet"},
		{"hr ", "Intranet"},
	} {
		name := "user" + strconv.Itoa(i)
		p.addUser(name, userpool.StateNew)
		b := p.browser()
		r := b.request(http.MethodGet, "/", nil)
		r.URL.RawQuery = "return_to=" + strings.ReplaceAll(test.key, " ", "%20")
		b.do(r).at("/prepare")
		b.get(b.page.Attr(".onward a", "href")).submit("/sign-in", "username", name, "password", password).at("/set-up")
		b.submit("/set-up/verify", "code", p.code(b.key())).at("/done").text("a.btn", "Continue to "+test.name)
	}
}

// A cookie that was recorded before sign-out or finish is worth nothing afterwards, on any node.
func TestRecordedCookiesAreRefusedAfterwards(t *testing.T) {
	p := openPortal(t)
	p.addUser("ada", userpool.StateNew)
	p.addUser("grace", userpool.StateNew)
	thief := func(cookie string) *browser {
		p.restart() // another node
		b := p.browser()
		b.setCookie("__Host-enroll", cookie)
		return b
	}
	b := p.browser()
	b.signIn("ada", password).at("/set-up")
	scanning := b.cookies()["__Host-enroll"]
	thief(scanning).get("/set-up").at("/set-up") // as good as the owner's until then
	b.submit("/set-up/verify", "code", p.code(b.key())).at("/done")
	done := b.cookies()["__Host-enroll"]
	thief(scanning).get("/set-up").at("/sign-in").text(".msg", "has ended")
	thief(scanning).get("/set-up/qr.png").status(http.StatusNotFound)
	b.submit("/sign-out").at("/sign-in")
	thief(done).get("/done").at("/sign-in")

	b.signIn("grace", password).at("/set-up")
	signedIn := b.cookies()["__Host-enroll"]
	b.submit("/sign-out")
	thief(signedIn).get("/set-up").at("/sign-in")
}
