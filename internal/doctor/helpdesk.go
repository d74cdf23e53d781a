package doctor

import (
	"context"
	"fmt"
	"strings"
)

// HelpDeskOperations are what the help desk calls, each with what for: a test holds them against internal/cognito.
func HelpDeskOperations() []string {
	return []string{
		"AdminGetUser", "ListUsers", "AdminListGroupsForUser", // who somebody is, and what he may do
		"AdminListUserAuthEvents",                                                       // how long an account was idle
		"ListUsersInGroup",                                                              // coverage, by group
		"AdminDeleteSoftwareToken", "AdminSetUserMFAPreference", "GetUserPoolMfaConfig", // take away a lost phone
		"AdminUserGlobalSignOut", "AdminListDevices", "AdminForgetDevice", // end what it signed in
	}
}

// HelpDeskPolicy is the least that IAM must allow the portal for its help desk in a pool: a policy in JSON.
func HelpDeskPolicy(arn string) string {
	var policy strings.Builder
	policy.WriteString(`{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "HelpDesk",
      "Effect": "Allow",
      "Action": [
`)
	for i, operation := range HelpDeskOperations() {
		comma := ","
		if i == len(HelpDeskOperations())-1 {
			comma = ""
		}
		policy.WriteString(`        "cognito-idp:` + operation + `"` + comma + "\n")
	}
	policy.WriteString("      ],\n      \"Resource\": \"" + arn + "\"\n    }\n  ]\n}\n")
	return policy.String()
}

// checkDesk judges the settings of a help desk that there is.
func (e *examination) checkDesk() {
	if !e.HelpDesk {
		return
	}
	if e.DeskPolicy == "open" {
		e.found(Advice, "desk-policy", "There is a help desk, and whoever has the password of an account without an app may set one up without it: also of accounts that were never used.",
			"Set PORTAL_DESK_POLICY=auto: accounts that an administrator made and that never signed in, and idle ones, then need a link.", "")
	} else {
		e.ok("desk-policy", "Set-ups need a link of the help desk where PORTAL_DESK_POLICY=%s says so.", e.DeskPolicy)
	}
	if e.NameOpens {
		e.found(Advice, "link-piece", "Links for a first set-up open without spoken characters: whoever reads the mail with the link needs only the password.",
			"Set PORTAL_LINK_PIECE=spoken, unless nobody can be called.", "")
	} else {
		e.ok("link-piece", "Links open with characters that are spoken.")
	}
}

// checkHelpDesk calls each of them for a user name that nobody has. That the user is unknown is the good answer: IAM has let
// the call pass, and nothing happened.
func (e *examination) checkHelpDesk(ctx context.Context) {
	if e.pool == bad {
		e.notChecked("there is no such pool", "help-desk")
		return
	}
	var denied, missing, unclear []string
	for _, operation := range HelpDeskOperations() {
		switch e.Pool.Try(ctx, operation).Kind { //nolint:exhaustive // any other refusal comes from behind IAM
		case Denied:
			denied = append(denied, operation)
		case UnknownOperation:
			missing = append(missing, operation)
		case NoSuchHost, NoConnection, BadCertificate, NoAnswer, NotCognito, Broken, Blocked, Throttled, BadCredentials:
			unclear = append(unclear, operation)
		}
	}
	on := "the pool"
	if e.arn != "" {
		on = e.arn
	}
	switch {
	case len(denied) > 0:
		e.found(Advice, "help-desk", "The IAM identity may not call "+actions(denied)+": the help desk cannot do what needs them.",
			"Allow these actions on "+on+" in a policy of the identity that the portal runs as: \"portal doctor -iam-policy\" prints it.", "")
	case len(unclear) > 0:
		e.unseen("help-desk", "Not checked: no clear answer from "+strings.Join(unclear, ", ")+".", "Run the doctor again.")
	default:
		e.ok("help-desk", "The IAM identity may do what the help desk needs.")
	}
	if len(missing) > 0 {
		e.found(Advice, "reset", fmt.Sprintf("The service does not know %s: where MFA is required, a lost phone cannot be reset.", strings.Join(missing, ", ")),
			"Ask AWS when the region gets it (it is of August 2026). Until then the help desk can only switch MFA off for single users where it is optional.", "")
	}
}
