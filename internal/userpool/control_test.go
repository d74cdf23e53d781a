package userpool_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"cognito-enroll/internal/userpool"
)

func TestControlInterface(t *testing.T) {
	w := open(t, userpool.Options{MFA: userpool.MFAOptional, Email: true})
	control := w.pool.Control()
	do := func(method, path, body string, header ...string) (int, string) {
		t.Helper()
		r := httptest.NewRequestWithContext(t.Context(), method, "/_control/"+path, strings.NewReader(body))
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		recorder := httptest.NewRecorder()
		control.ServeHTTP(recorder, r)
		return recorder.Code, recorder.Body.String()
	}
	expect := func(want int, method, path, body string) string {
		t.Helper()
		status, text := do(method, path, body)
		if status != want {
			t.Fatalf("%s %s %s: %d %s, want %d", method, path, body, status, text, want)
		}
		return text
	}
	if got := expect(200, "POST", "clock", `{"advance":"90s"}`); !strings.Contains(got, "09:28:23") {
		t.Errorf("clock %s", got)
	}
	expect(204, "POST", "users", `[{"username":"zoe","password":"`+password+`","attributes":{"email":"z@example.test","email_verified":"true"}},{"username":"yan","password":"`+password+`","state":"enrolled"}]`)
	w.signIn("zoe")
	expect(400, "POST", "users", `[{"username":"zoe","password":"`+password+`"}]`)
	expect(400, "POST", "users", `[{"name":"x"}]`)
	expect(404, "GET", "messages/zoe", "")
	_, err := w.api.ForgotPassword(w.ctx, &cip.ForgotPasswordInput{ClientId: &w.info.ClientID, Username: new("zoe")})
	w.ok(err)
	if got := expect(200, "GET", "messages/zoe", ""); !strings.Contains(got, `"purpose":"password-reset"`) || !strings.Contains(got, `"destination":"z@example.test"`) {
		t.Errorf("message %s", got)
	}
	expect(204, "POST", "faults", `{"operation":"InitiateAuth","kind":"exception","exception":"TooManyRequestsException","message":"Rate exceeded","times":2}`)
	_, err = w.start("zoe", password)
	w.refused(err, "TooManyRequestsException", "Rate exceeded")
	expect(204, "DELETE", "faults", "")
	w.signIn("zoe")
	expect(400, "POST", "faults", `{"operation":"Nonsense","kind":"internal"}`)
	expect(400, "POST", "faults", `{"operation":"GetUser","kind":"nonsense"}`)
	if got := expect(200, "GET", "requests", ""); !strings.Contains(got, `"operation":"ForgotPassword"`) || strings.Contains(got, "zoe") {
		t.Errorf("requests %s", got)
	}
	expect(204, "DELETE", "requests", "")
	expect(204, "PUT", "sizes", `{"session":2048,"tokenGroups":60}`)
	if got := len(*w.signIn("yan").Session); got != 2048 {
		t.Errorf("session of %d", got)
	}
	expect(400, "PUT", "sizes", `{"session":3000}`)
	expect(204, "PUT", "quotas", `{"UserAuthentication":1}`)
	expect(400, "PUT", "quotas", `{"Nonsense":1}`)
	expect(204, "PUT", "switches", `{"quotas":true}`)
	w.signIn("zoe")
	_, err = w.start("zoe", password)
	w.refused(err, "TooManyRequestsException", "Rate exceeded")
	expect(204, "PUT", "switches", `{}`)
	expect(204, "PUT", "custom", `[{"parameters":{"q":"?"},"answer":"!"}]`)
	_, err = w.begin("CUSTOM_AUTH", "USERNAME", "zoe")
	w.ok(err)
	for _, header := range []string{"Origin", "Sec-Fetch-Site"} {
		if status, _ := do("POST", "clock", `{"advance":"1s"}`, header, "cross-site"); status != http.StatusForbidden {
			t.Errorf("%s: %d", header, status)
		}
	}
	if r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://pool.test/_control/requests", nil); err == nil {
		response, err := w.pool.Transport().RoundTrip(r)
		w.ok(err)
		response.Body.Close()
		if response.StatusCode != http.StatusNotFound {
			t.Errorf("the pool itself serves the control interface: %d", response.StatusCode)
		}
	}
}

func TestTOTPQuotaPerSecond(t *testing.T) {
	w := open(t, userpool.Options{MFA: userpool.MFAOff, Switches: userpool.Switches{Quotas: true}})
	token := w.signIn("ada").AuthenticationResult.AccessToken
	associate := func() error {
		_, err := w.api.AssociateSoftwareToken(w.ctx, &cip.AssociateSoftwareTokenInput{AccessToken: token})
		return err
	}
	for range 25 {
		w.ok(associate())
	}
	w.refused(associate(), "TooManyRequestsException", "Rate exceeded")
	w.clock.advance(1e9)
	w.ok(associate())
}
