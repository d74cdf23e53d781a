package web_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognito-enroll/internal/cognito"
	"cognito-enroll/internal/userpool"
)

// factors is what is set up for an account: an app that is registered, what is switched on, and what is preferred.
type factors struct {
	name            string
	app             bool // registered
	reachable       bool // a verified phone and mailbox
	appOn, sms, mfa bool // switched on; mfa is codes by mail
	prefers         string
}

func everyFactors() []factors {
	return []factors{
		{name: "nothing"},
		{name: "phone and mailbox, not switched on", reachable: true},
		{name: "app, preferred", app: true, appOn: true, prefers: "app"},
		{name: "app, not preferred", app: true, appOn: true},
		{name: "app, registered alone", app: true},
		{name: "SMS", reachable: true, sms: true},
		{name: "mail", reachable: true, mfa: true},
		{name: "SMS and mail", reachable: true, sms: true, mfa: true},
		{name: "app and SMS", app: true, reachable: true, appOn: true, sms: true},
		{name: "app and SMS, app preferred", app: true, reachable: true, appOn: true, sms: true, prefers: "app"},
		{name: "app and SMS, SMS preferred", app: true, reachable: true, appOn: true, sms: true, prefers: "sms"},
		{name: "all three", app: true, reachable: true, appOn: true, sms: true, mfa: true},
		{name: "app registered alone, SMS", app: true, reachable: true, sms: true},
	}
}

// account makes the account as it is.
func (p *portal) account(name string, state userpool.State, has factors) {
	p.t.Helper()
	user := userpool.User{Username: name, Password: password, State: state}
	if has.app {
		user.TOTPSecret = "KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLUKRSQ"
	}
	if has.reachable {
		user.Attributes = map[string]string{"email": name + "@example.com", "email_verified": "true", "phone_number": "+15550100", "phone_number_verified": "true"}
	}
	p.must(p.pool.AddUser(user))
	in := &cip.AdminSetUserMFAPreferenceInput{UserPoolId: aws.String(p.pool.Info().UserPoolID), Username: aws.String(name)}
	if has.app {
		in.SoftwareTokenMfaSettings = &types.SoftwareTokenMfaSettingsType{Enabled: has.appOn, PreferredMfa: has.prefers == "app"}
	}
	if has.sms {
		in.SMSMfaSettings = &types.SMSMfaSettingsType{Enabled: true, PreferredMfa: has.prefers == "sms"}
	}
	if has.mfa {
		in.EmailMfaSettings = &types.EmailMfaSettingsType{Enabled: true}
	}
	if has.app || has.sms || has.mfa {
		_, err := p.admin().AdminSetUserMFAPreference(p.t.Context(), in)
		p.must(err)
	}
}

// leadsTo is where a password leads, as the developer guide's "logic at user runtime" has it, in that order, corrected by
// what is observed of the real service.
func leadsTo(mode userpool.MFA, state userpool.State, has factors, right bool) (path, title string) {
	const form, formTitle = "/sign-in", "Set up your authenticator app"
	on := 0
	for _, switched := range []bool{has.appOn, has.sms, has.mfa} {
		if switched {
			on++
		}
	}
	challenge := func(method string) (string, string) {
		return "/challenge", map[string]string{
			"app": "Enter the code from your app", "sms": "Enter the code from the text message", "mail": "Enter the code from the email",
		}[method]
	}
	switch {
	case state == userpool.StateUnconfirmed, state == userpool.StateDisabled, !right, state == userpool.StateResetRequired:
		return form, formTitle
	case state == userpool.StateTemporaryPassword:
		return "/new-password", "Choose your own password"
	case mode == userpool.MFAOff:
		return "/authenticator", "Your authenticator app"
	case has.prefers != "":
		return challenge(has.prefers)
	case on == 1 && has.appOn:
		return challenge("app")
	case on == 1 && has.sms:
		return challenge("sms")
	case on == 1:
		return challenge("mail")
	case on > 1:
		return "/choose", "How do you want to prove that it is you?"
	case mode == userpool.MFAOn && has.app:
		return challenge("app")
	case mode == userpool.MFAOn && has.reachable:
		return challenge("sms")
	case mode == userpool.MFAOn:
		return "/set-up", "Set up your authenticator app"
	}
	return "/authenticator", "Your authenticator app"
}

// Every outcome of a sign-in: pool mode, state of the account, what is set up, right and wrong password, and the same once
// more after a temporary password was replaced.
func TestWhatAPasswordLeadsTo(t *testing.T) {
	states := []userpool.State{
		userpool.StateNew, userpool.StateTemporaryPassword, userpool.StateUnconfirmed, userpool.StateResetRequired, userpool.StateDisabled,
	}
	for _, mode := range []userpool.MFA{userpool.MFAOff, userpool.MFAOptional, userpool.MFAOn} {
		for _, flow := range []cognito.AuthFlow{cognito.FlowPassword, cognito.FlowSRP} {
			t.Run(string(mode)+"/"+string(flow), func(t *testing.T) {
				t.Parallel()
				p := openPortal(t, everyFactor, func(o *portalOptions) { o.pool.MFA, o.flow, o.plainHTTP = mode, flow, true })
				for i, state := range states {
					for j, has := range everyFactors() {
						if flow == cognito.FlowSRP && j%4 != 0 { // what comes after the password does not hang on how it was proved
							continue
						}
						for _, right := range []bool{true, false} {
							p.clock.advance(2 * time.Minute) // one network may fail no more often
							p.outcome(fmt.Sprintf("user%d-%d-%v", i, j, right), mode, state, has, right)
						}
					}
				}
			})
		}
	}
}

// outcome signs one account in and says where that must lead.
func (p *portal) outcome(name string, mode userpool.MFA, state userpool.State, has factors, right bool) {
	p.t.Helper()
	p.account(name, state, has)
	typed := password
	if !right {
		typed = "Wrong-Horse-9"
	}
	b := p.browser()
	b.signIn(name, typed)
	path, title := leadsTo(mode, state, has, right)
	b.leads(fmt.Sprintf("account %s, %s, password right: %v", state, has.name, right), path, title)
	if path == "/new-password" {
		b.submit("/new-password", "password", "New-Password-1", "again", "New-Password-1")
		path, title = leadsTo(mode, userpool.StateNew, has, true)
		b.leads("after a temporary password, "+has.name, path, title)
	}
	if reset := state == userpool.StateResetRequired || state == userpool.StateDisabled || state == userpool.StateUnconfirmed; reset || !right {
		if got := b.answer.StatusCode; got != http.StatusUnprocessableEntity {
			p.t.Errorf("account %s: status %d", state, got)
		}
	}
}

func (b *browser) leads(what, path, title string) {
	b.t.Helper()
	if b.path() != path || b.page.Text("h1") != title {
		b.t.Errorf("%s: %v, %q; want %s, %q", what, b, b.page.Text("h1"), path, title)
	}
}

// A temporary password that is too old, in every mode.
func TestAnOldTemporaryPasswordLeadsNowhere(t *testing.T) {
	for _, mode := range []userpool.MFA{userpool.MFAOff, userpool.MFAOptional, userpool.MFAOn} {
		p := openPortal(t, everyFactor, func(o *portalOptions) { o.pool.MFA = mode })
		for i, has := range everyFactors() {
			p.account(fmt.Sprintf("user%d", i), userpool.StateTemporaryPassword, has)
		}
		p.clock.advance(8 * 24 * time.Hour)
		for i := range everyFactors() {
			p.browser().signIn(fmt.Sprintf("user%d", i), password).status(http.StatusForbidden).text("h1", "has expired")
		}
	}
}
