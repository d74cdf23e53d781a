package web_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognito-enroll/internal/cognito"
	"cognito-enroll/internal/userpool"
)

// Nobody learns from an answer whether an account exists, or why it may not sign in: byte for byte, with the same cookies,
// on every page that takes a name, by every flow, whether or not the pool itself keeps quiet. All names are of one length.
func TestNobodyLearnsWhichAccountsExist(t *testing.T) {
	for _, quiet := range []types.PreventUserExistenceErrorTypes{types.PreventUserExistenceErrorTypesEnabled, types.PreventUserExistenceErrorTypesLegacy} {
		for _, flow := range []cognito.AuthFlow{cognito.FlowPassword, cognito.FlowSRP} {
			t.Run(fmt.Sprintf("%s/%s", quiet, flow), func(t *testing.T) {
				p := openPortal(t, everyFactor, optional, func(o *portalOptions) { o.flow = flow })
				p.keepQuiet(quiet)
				p.addReachable("known", userpool.StateNew)
				p.addReachable("reset", userpool.StateResetRequired)
				p.addReachable("given", userpool.StateTemporaryPassword)
				p.addReachable("shut_", userpool.StateDisabled)
				p.addUser("alone", userpool.StateNew) // nobody can write to it
				p.signUp("fresh")
				p.must(p.pool.AddUser(userpool.User{Username: "other", State: userpool.StateExternal}))
				names := []string{"known", "reset", "given", "shut_", "alone", "fresh", "other", "nobdy", "a b c"}

				for _, page := range []struct {
					what string
					send func(b *browser, name string)
				}{
					{"sign-in", func(b *browser, name string) { b.signIn(name, "Wrong-Horse-9") }},
					{"forgotten password", func(b *browser, name string) { b.get("/forgot-password").submit("/forgot-password", "username", name) }},
					{"code sent again", func(b *browser, name string) {
						b.get("/forgot-password").submit("/forgot-password", "username", name).submit("/forgot-password")
					}},
					{"code of a forgotten password", func(b *browser, name string) {
						b.get("/forgot-password").submit("/forgot-password", "username", name).
							submit("/reset-password", "code", "000000", "password", "New-Password-1", "again", "New-Password-1")
					}},
					{"code of a new account", func(b *browser, name string) {
						b.get("/confirm").submit("/confirm", "username", name, "code", "000000")
					}},
					{"code of a new account sent again", func(b *browser, name string) {
						b.get("/confirm").post("/confirm", "username", name, "code", "", "resend", "yes")
					}},
				} {
					var first string
					for _, name := range names {
						p.restart() // without what was counted against the name and the network so far
						b := p.browser()
						page.send(b, name)
						if got := b.toldTo(name); first == "" {
							first = got
						} else if got != first {
							t.Errorf("%s: %q is told something else than %q:\n%s\n--- instead of ---\n%s", page.what, name, names[0], got, first)
						}
					}
				}
			})
		}
	}
}

// Right passwords do not tell either, where they do not let anybody in.
func TestAccountsThatCannotSignInLookAlike(t *testing.T) {
	p := openPortal(t)
	p.addUser("known", userpool.StateNew)
	p.addUser("shut_", userpool.StateDisabled)
	p.addUser("fresh", userpool.StateUnconfirmed)
	p.addUser("reset", userpool.StateResetRequired)
	var first string
	for _, test := range []struct{ name, password string }{
		{"known", "Wrong-Horse-9"},
		{"nobdy", password},
		{"shut_", password},
		{"fresh", password},
		{"reset", password},
		{"a b c", password},
		{"known", strings.Repeat("p", 300)},
		{strings.Repeat("x", 129), password},
		{"known", ""},
	} {
		b := p.browser()
		b.signIn(test.name, test.password)
		if got := b.toldTo(test.name); first == "" {
			first = got
		} else if got != first {
			t.Errorf("%q with %q gets another answer", test.name, test.password)
		}
	}
}

// toldTo is all that an answer tells: its address, status, cookies and bytes, but for the name that was typed.
func (b *browser) toldTo(name string) string {
	var cookies []string
	for cookie, value := range b.cookies() {
		cookies = append(cookies, fmt.Sprintf("%s of %d bytes", cookie, len(value)))
	}
	slices.Sort(cookies)
	body := bytes.ReplaceAll(b.body, []byte(`value="`+name+`"`), []byte(`value="NAME"`))
	return fmt.Sprintf("%s %d %v\n%s", b.path(), b.answer.StatusCode, cookies, body)
}

func (p *portal) keepQuiet(how types.PreventUserExistenceErrorTypes) {
	p.t.Helper()
	info := p.pool.Info()
	_, err := p.admin().UpdateUserPoolClient(p.t.Context(), &cip.UpdateUserPoolClientInput{
		UserPoolId: aws.String(info.UserPoolID), ClientId: aws.String(info.ClientID), PreventUserExistenceErrors: how,
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserPasswordAuth, types.ExplicitAuthFlowsTypeAllowUserSrpAuth, types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth},
	})
	p.must(err)
}
