package userpool_test

import (
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"cognito-enroll/internal/userpool"
)

// FuzzBody sends any body to every operation, past the signature where there is one: no panic, no 5xx, always the
// protocol's own error shape, and the pool still works.
func FuzzBody(f *testing.F) {
	names := slices.Sorted(maps.Keys(userpool.Operations()))
	pool, err := userpool.New(userpool.Options{Keys: sharedKeys, MFA: userpool.MFAOptional, SMS: true, Email: true})
	if err != nil {
		f.Fatal(err)
	}
	if err := pool.AddUser(userpool.User{Username: "ada", Password: password, Attributes: map[string]string{"email": "a@example.test", "phone_number": "+15550100"}}); err != nil {
		f.Fatal(err)
	}
	info := pool.Info()
	ids := `"UserPoolId":"` + info.UserPoolID + `","ClientId":"` + info.ClientID + `","Username":"ada"`
	for i := range names {
		for _, body := range []string{
			"", "{}", "[]", `{"`, `null`, "{" + ids + "}", `{"AccessToken":"a.b.c","Session":"AYABexxxxxxxxxxxxxxxxxxxx","UserCode":"123456"}`,
			"{" + ids + `,"AuthFlow":"USER_SRP_AUTH","AuthParameters":{"USERNAME":"ada","SRP_A":"2"}}`,
			"{" + ids + `,"AuthFlow":"USER_AUTH","AuthParameters":{"USERNAME":"ada","PREFERRED_CHALLENGE":"EMAIL_OTP"}}`,
			"{" + ids + `,"AuthFlow":"ADMIN_USER_PASSWORD_AUTH","AuthParameters":{"USERNAME":"ada","PASSWORD":"x"}}`,
			"{" + ids + `,"ChallengeName":"PASSWORD_VERIFIER","ChallengeResponses":{"USERNAME":"ada","PASSWORD_CLAIM_SECRET_BLOCK":"AAAA","PASSWORD_CLAIM_SIGNATURE":"AA==","TIMESTAMP":"x"}}`,
			"{" + ids + `,"ChallengeName":"MFA_SETUP","ChallengeResponses":{"USERNAME":"ada"},"Session":"AYABeAAAAAAAAAAAAAAAAAAAA"}`,
			"{" + ids + `,"Password":"Correct-Horse-9","PoolName":"p","ClientName":"c","GroupName":"g","MaxResults":1,"Limit":1,"Filter":"username = \"a\"","NextToken":"x"}`,
			"{" + ids + `,"TemporaryPassword":"x","UserAttributes":[{"Name":"email","Value":"\u0000"}],"DeviceKey":"a_b","MfaConfiguration":"ON","ConfirmationCode":"1"}`,
			`{"PoolName":"p","Schema":[{"Name":"email","Required":true}],"Policies":{"PasswordPolicy":{"MinimumLength":6}},"DeviceConfiguration":{}}`,
			strings.Repeat("[", 20000),
		} {
			f.Add(uint8(i), body)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, body string) {
		name := names[int(which)%len(names)]
		status, answer := userpool.CallUnsigned(pool, name, []byte(body))
		if status >= 500 {
			t.Fatalf("%s %q: %d %s", name, body, status, answer)
		}
		if status != 200 && !strings.HasPrefix(answer, `{"__type":"`) {
			t.Fatalf("%s %q: %d %s", name, body, status, answer)
		}
	})
}

// FuzzForms sends any form and query to the OAuth endpoints.
func FuzzForms(f *testing.F) {
	pool, err := userpool.New(userpool.Options{Keys: sharedKeys, CallbackURLs: []string{callback}})
	if err != nil {
		f.Fatal(err)
	}
	id := pool.Info().ClientID
	for i := range 6 {
		f.Add(uint8(i), "client_id="+id+"&redirect_uri="+callback+"&response_type=code", "username=ada&password=x&challenge=MFA_SETUP&session=AYABe")
		f.Add(uint8(i), "%zz", "grant_type=authorization_code&code=1&redirect_uri=x&client_id="+id)
	}
	paths := []string{"POST /oauth2/authorize", "GET /oauth2/authorize", "POST /oauth2/token", "GET /oauth2/userInfo", "POST /oauth2/revoke", "GET /logout"}
	f.Fuzz(func(t *testing.T, which uint8, query, form string) {
		method, path, _ := strings.Cut(paths[int(which)%len(paths)], " ")
		r, err := http.NewRequestWithContext(t.Context(), method, "http://pool.test"+path, strings.NewReader(form))
		if err != nil {
			t.Skip()
		}
		r.URL.RawQuery = query
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		response, err := pool.Transport().RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		if response.StatusCode >= 500 {
			t.Fatalf("%s %s ? %q: %q: %d", method, path, query, form, response.StatusCode)
		}
	})
}
