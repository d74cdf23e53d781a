package web_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"cognito-enroll/internal/htmltest"
	"cognito-enroll/internal/prove"
	"cognito-enroll/internal/userpool"
)

// Cookies that were recorded before a visit ended, sent again on every node after it: by signing out, by signing out
// everywhere, by the end of the set-up, by the help desk, whose reset and freeze end every visit of an account, and in the
// pool, where somebody has disabled the account.
func TestProofCookiesAreReplayed(t *testing.T) {
	began := prove.Begin()
	p := openPortal(t, optional, func(o *portalOptions) { o.storeTimeout = patience })
	for range 4 {
		p.restart()
		p.nodes = append(p.nodes, p.handler.Load())
	}
	const disabled = "disabled in the pool"
	ends := map[string]func(name string, b *browser){
		"sign-out":            func(_ string, b *browser) { b.sends("/sign-out", nil) },
		"sign-out everywhere": func(_ string, b *browser) { b.sends("/sign-out/everywhere", nil) },
		"finish": func(_ string, b *browser) {
			b.sends("/authenticator/start", nil)
			b.look("/set-up")
			b.sends("/set-up/verify", url.Values{"code": {p.code(b.key())}})
		},
		"help desk": func(name string, _ *browser) {
			p.must(p.store.EndAllBefore(t.Context(), name, p.poolTime().Add(time.Second)))
		},
		disabled: func(name string, _ *browser) {
			_, err := p.admin().AdminDisableUser(t.Context(), &cip.AdminDisableUserInput{UserPoolId: aws.String(p.pool.Info().UserPoolID), Username: &name})
			p.must(err)
		},
	}
	const requests = 2 // of each cookie, on each node
	visits := prove.Times(12_000, 400) / len(ends) / len(p.nodes) / requests
	replays, accepted := 0, 0
	for what, end := range ends {
		for i := range visits + 1 {
			name := fmt.Sprintf("%s-%d", strings.ReplaceAll(what, " ", "-"), i)
			p.addUser(name, userpool.StateNew)
			b := p.browser()
			b.look("/sign-in")
			b.sends("/sign-in", url.Values{"username": {name}, "password": {password}})
			b.look("/authenticator")
			cookies, page := b.cookies(), b.page
			if page.Count(`form[action="/authenticator/start"]`) == 0 {
				t.Fatalf("%s: not signed in: %s", name, page.Text("main"))
			}
			end(name, b)
			p.calls()
			thief := p.browser()
			for cookie, value := range cookies {
				thief.setCookie(cookie, value)
			}
			thief.page = page
			for range p.nodes {
				for _, path := range []string{"/authenticator", "/authenticator/start"} {
					if what == disabled && path == "/authenticator" {
						continue // says what the cookie says; only the pool knows of the end, and is asked when something is to be done
					}
					answer := thief.once(path)
					if replays++; answer.Code != http.StatusSeeOther || answer.Header().Get("Location") != "/sign-in" {
						accepted++
						t.Errorf("after %s, %s: status %d to %q", what, path, answer.Code, answer.Header().Get("Location"))
					}
				}
			}
			if what != disabled { // then the pool is asked, and refuses
				p.wantCalls("")
			}
		}
	}
	began.Record(t, prove.Row{
		What: "recorded cookies sent again on four nodes after sign-out, sign-out everywhere, finish, the help desk's end, and the pool's (disabled)", Goal: "10,000 replays, none accepted",
		Reached: fmt.Sprintf("%d replays, %d accepted", replays, accepted), Met: replays >= 10_000 && accepted == 0,
	})
}

// once sends a request with the cookies that the browser has, and keeps none that come back.
func (b *browser) once(path string) *httptest.ResponseRecorder {
	method, form := http.MethodGet, url.Values(nil)
	if strings.HasSuffix(path, "/start") {
		method, form = http.MethodPost, url.Values{}
	}
	jar := b.client.Jar
	kept := b.cookies()
	answer := b.direct(method, path, form)
	for name, value := range kept {
		b.setCookie(name, value)
	}
	b.client.Jar = jar
	return answer
}

// look is get past the network, sends a form of the page likewise.
func (b *browser) look(path string) {
	b.t.Helper()
	b.page = htmltest.Parse(b.t, b.direct(http.MethodGet, path, nil).Body.Bytes())
}

func (b *browser) sends(path string, form url.Values) {
	b.t.Helper()
	if form == nil {
		form = url.Values{}
	}
	if answer := b.direct(http.MethodPost, path, form); answer.Code != http.StatusSeeOther {
		b.t.Fatalf("%s: status %d: %s", path, answer.Code, answer.Body.String())
	}
}

// Whether a name exists is told neither by the bytes of an answer nor by the time until it comes: five thousand names
// that exist and as many that do not, in turn.
func TestProofNamesAreNotTold(t *testing.T) {
	for _, entry := range []struct {
		what, path string
		form       url.Values
	}{
		{"sign-in with a wrong password", "/sign-in", url.Values{"password": {"Wrong-Horse-9"}}},
		{"a forgotten password", "/forgot-password", url.Values{}},
	} {
		t.Run(strings.TrimPrefix(entry.path, "/"), func(t *testing.T) {
			began := prove.Begin()
			p := openPortal(t, func(o *portalOptions) { o.storeTimeout, o.pool.PreventUserExistenceErrors = patience, true })
			samples := prove.Times(5000, 100)
			var users []userpool.User
			for i := range samples {
				users = append(users, userpool.User{
					Username: fmt.Sprintf("known-%05d", i), Password: password, State: userpool.StateNew,
					Attributes: map[string]string{"email": fmt.Sprintf("known-%05d@example.test", i), "email_verified": "true"},
				})
			}
			p.must(p.pool.AddUsers(users...))
			random := rand.New(rand.NewPCG(3, 3)) //nolint:gosec // reproducible
			took := map[string][]time.Duration{}
			var first []byte
			for i := range samples {
				kinds := []string{"known", "ghost"}
				if random.IntN(2) == 0 {
					slices.Reverse(kinds)
				}
				for _, kind := range kinds {
					p.clock.advance(time.Second)
					name := fmt.Sprintf("%s-%05d", kind, i)
					b := p.browser()
					b.sent = i*2 + len(took[kind])%2
					form := url.Values{"username": {name}}
					for field, values := range entry.form {
						form[field] = values
					}
					r := b.formTo(entry.path, form)
					start := time.Now()
					answer := b.send(r)
					took[kind] = append(took[kind], time.Since(start))
					body := answer.Body.Bytes()
					body = fmt.Appendf(bytes.ReplaceAll(body, []byte(name), []byte("NAME")), "%d %s %d", answer.Code, answer.Header().Get("Location"), len(answer.Result().Cookies()))
					if first == nil {
						first = body
					}
					if !bytes.Equal(first, body) {
						t.Fatalf("%s gets another answer:\n%s\n%s", name, first, body)
					}
				}
			}
			area := areaUnderCurve(took["known"], took["ghost"])
			began.Record(t, prove.Row{
				What: fmt.Sprintf("telling names that exist from others, by the answer to %s: 2 × 5,000 samples", entry.what), Goal: "the same bytes, AUC of the time 0.47 to 0.53",
				Reached: fmt.Sprintf("2 × %d samples, the same bytes, AUC %.3f", samples, area), Met: samples >= 5000 && area >= 0.47 && area <= 0.53,
			})
		})
	}
}

// areaUnderCurve is how well times of one kind can be told from the other's: 0.5 is not at all (Mann and Whitney's U).
func areaUnderCurve(a, b []time.Duration) float64 {
	slices.Sort(b)
	sum := 0.0
	for _, x := range a {
		below, _ := slices.BinarySearch(b, x)
		upTo, _ := slices.BinarySearch(b, x+1)
		sum += float64(below) + float64(upTo-below)/2
	}
	return sum / float64(len(a)) / float64(len(b))
}
