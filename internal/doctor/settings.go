package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// recommended is the AuthSessionValidity that leaves time to install an app: Cognito's longest.
const recommended = 15 * time.Minute

// adminScope is the scope without which a token cannot set up an app.
const adminScope = "aws.cognito.signin.user.admin"

// The actions that the examination of settings needs.
const (
	describePool   = "DescribeUserPool"
	describeClient = "DescribeUserPoolClient"
	describeMFA    = "GetUserPoolMfaConfig"
)

// checkSigned asks what only an IAM identity is told, and says of everything else that it was not checked.
func (e *examination) checkSigned(ctx context.Context) {
	why := ""
	var mfa MFASettings
	var reply Reply
	if !e.Pool.HasCredentials(ctx) {
		why = "needs IAM credentials"
		e.unseen("credentials", "No IAM credentials were found. Enrollment needs none; the help desk does, and so does a full examination.",
			"Run the doctor again with AWS credentials (AWS_PROFILE, a role, AWS_ACCESS_KEY_ID …) of an identity that may call "+actions(slices.Concat([]string{describePool, describeClient}, HelpDeskOperations()))+".")
	} else if mfa, reply = e.Pool.MFA(ctx); reply.Kind == BadCredentials {
		why = "the IAM credentials are refused"
		e.found(Advice, "credentials", "IAM credentials were found and are refused ("+reply.Seen+"): the help desk cannot work with them.",
			"Renew them, and make sure that they belong to the pool's AWS account and region.", "aws sts get-caller-identity")
	}
	if why != "" {
		e.notChecked(why, "mfa", "mfa-setting", "totp", "membership")
		e.notChecked(why, e.clientFindings()...)
		e.notChecked(why, "password-policy", "help-desk")
		return
	}
	e.ok("credentials", "There are IAM credentials.")
	if e.told(reply, describeMFA, "mfa", "mfa-setting", "totp") {
		e.judgeMFA(mfa)
	}
	if e.client == bad {
		e.notChecked("there is no such app client", append(e.clientFindings(), "membership")...)
	} else {
		client, reply := e.Pool.Client(ctx)
		if reply.Kind == NoClient {
			e.noMember()
			e.notChecked("the app client is not in the pool", e.clientFindings()...)
		} else if e.told(reply, describeClient, append(e.clientFindings(), "membership")...) {
			e.judgeClient(client)
		}
	}
	settings, reply := e.Pool.Settings(ctx)
	if e.told(reply, describePool, "password-policy") {
		e.arn = settings.ARN
		e.judgePolicy(settings.PasswordPolicy)
	}
	e.checkHelpDesk(ctx)
}

// clientFindings are those that hang on the app client's settings alone.
func (e *examination) clientFindings() []string {
	ids := []string{"session-validity", "revocation", "scope"}
	if e.CallbackURL != "" {
		ids = append(ids, "callback")
	}
	return ids
}

// notChecked says of findings that nothing is known, but of those that are known all the same.
func (e *examination) notChecked(why string, ids ...string) {
	for _, id := range ids {
		if !e.has(id) && (id != "revocation" || e.revokes != bad) {
			e.unseen(id, "Not checked: "+why+".", "")
		}
	}
}

// told reports whether a signed call was answered. If not, it says why the findings that hang on it are missing.
func (e *examination) told(reply Reply, action string, ids ...string) bool {
	switch reply.Kind { //nolint:exhaustive // the rest is one case
	case Answered:
		e.pool = good
		return true
	case NoPool:
		e.pool = bad
		e.notChecked("there is no such pool", ids...)
	case Denied:
		e.notChecked("the IAM identity may not call cognito-idp:"+action, ids...)
	default:
		e.notChecked("cognito-idp:"+action+" failed ("+reply.Seen+")", ids...)
	}
	return false
}

func actions(operations []string) string {
	return "cognito-idp:" + strings.Join(operations, ", cognito-idp:")
}

func (e *examination) judgeMFA(mfa MFASettings) {
	switch mfa.Mode {
	case "ON":
		e.ok("mfa", "The pool requires MFA (ON).")
	case "OPTIONAL":
		e.ok("mfa", "MFA is OPTIONAL: people without an app go on signing in by password alone.")
	default:
		e.found(Fault, "mfa", "MFA is off in the pool: Cognito never asks for the code of an app.",
			"Set MFA to optional, or to required when everybody shall set up an app at the next sign-in, with authenticator apps.",
			e.mfaCommand(`.MfaConfiguration = "OPTIONAL" | .SoftwareTokenMfaConfiguration.Enabled = true`))
		return // apps cannot be on while MFA is off
	}
	switch optional := mfa.Mode == "OPTIONAL"; {
	case optional == e.MFAOptional:
		e.ok("mfa-setting", "The portal knows whether the pool requires MFA.")
	case optional:
		e.found(Advice, "mfa-setting", "MFA is OPTIONAL in the pool, the portal is told that it is required: people cannot remove their app.",
			"Set COGNITO_MFA=optional.", "")
	default:
		e.found(Advice, "mfa-setting", "The pool requires MFA, the portal is told that it is optional: it offers to remove apps, and the pool goes on asking for their codes.",
			"Set COGNITO_MFA=on.", "")
	}
	if mfa.Apps {
		e.ok("totp", "Authenticator apps are on in the pool.")
		return
	}
	e.found(Fault, "totp", "Authenticator apps are switched off in the pool: nobody can set one up.",
		"Switch authenticator apps on in the pool's MFA settings.", e.mfaCommand(`.SoftwareTokenMfaConfiguration.Enabled = true`))
}

func (e *examination) noMember() {
	if e.client == unknown {
		e.client = bad
		e.found(Fault, "client", fmt.Sprintf("There is no app client %s in the pool.", e.ClientID),
			"Copy the app client's id from the pool's page in the console to COGNITO_CLIENT_ID.", "")
		return
	}
	e.found(Fault, "membership", fmt.Sprintf("The app client %s exists, but in another pool than %s.", e.ClientID, e.UserPoolID),
		"Set COGNITO_USER_POOL_ID and COGNITO_CLIENT_ID to a pool and an app client of that pool.",
		"aws cognito-idp list-user-pool-clients --region "+quote(e.Region)+" --user-pool-id "+quote(e.UserPoolID))
}

func (e *examination) judgeClient(client ClientSettings) {
	e.client = good
	e.ok("membership", "The app client is in the pool.")
	e.judgeSessionValidity(client.SessionValidity)
	if client.RevokesTokens {
		e.revokes = good
	} else {
		e.revokes = bad
	}
	e.judgeScope(client)
	e.judgeCallback(client)

	// What a refused sign-in would have told, had it come so far.
	if e.flow == unknown && !e.OAuthOnly {
		e.judgeFlow(client)
	}
	if e.secret == unknown && client.HasSecret == e.ClientSecret {
		e.notChecked("no sign-in came so far that the secret was compared", "secret")
	} else if e.secret == unknown {
		e.wrongSecret(map[bool]Kind{true: HashMissing, false: HashSurplus}[client.HasSecret])
	}
	if e.existence == unknown {
		e.existence = map[bool]fact{true: good, false: bad}[client.HidesUsers]
	}
}

func (e *examination) judgeFlow(client ClientSettings) {
	for _, flow := range e.Flows {
		if client.allows(flow) {
			e.flow = good
			e.concludeFlow(flow)
			return
		}
	}
	e.flow = bad
	e.flowOff()
}

// allows reads ExplicitAuthFlows, also in its form of before 2019, in which SRP is always allowed.
func (c ClientSettings) allows(flow string) bool {
	modern := len(c.Flows) > 0 && strings.HasPrefix(c.Flows[0], "ALLOW_")
	return slices.Contains(c.Flows, "ALLOW_"+flow) || slices.Contains(c.Flows, flow) || flow == "USER_SRP_AUTH" && !modern
}

func (e *examination) judgeSessionValidity(pool time.Duration) {
	command := e.clientCommand(fmt.Sprintf(".AuthSessionValidity = %d", int(recommended.Minutes())))
	theirs, ours, best := int(pool.Minutes()), int(e.SessionValidity.Minutes()), int(recommended.Minutes())
	switch {
	case ours > theirs:
		e.found(Fault, "session-validity", fmt.Sprintf("The portal promises %d minutes for a step, the app client gives %d: who takes longer has to begin again without warning.", ours, theirs),
			fmt.Sprintf("Set AuthSessionValidity of the app client to %d and COGNITO_AUTH_SESSION_VALIDITY=%d.", best, best), command)
	case theirs < best && e.Demo:
		e.found(Advice, "session-validity", fmt.Sprintf("People have %d minutes for each step of a set-up: too little to install an app.", theirs),
			fmt.Sprintf("Set COGNITO_AUTH_SESSION_VALIDITY=%d; the embedded pool follows it.", best), "")
	case theirs < best:
		e.found(Advice, "session-validity", fmt.Sprintf("People have %d minutes for each step of a set-up: too little to install an app.", theirs),
			fmt.Sprintf("Set AuthSessionValidity of the app client to %d, then COGNITO_AUTH_SESSION_VALIDITY=%d.", best, best), command)
	case ours < theirs:
		e.found(Advice, "session-validity", fmt.Sprintf("The app client gives %d minutes for a step, the portal tells people %d.", theirs, ours),
			fmt.Sprintf("Set COGNITO_AUTH_SESSION_VALIDITY=%d.", theirs), "")
	default:
		e.ok("session-validity", "People have %d minutes for each step, and the portal knows it.", theirs)
	}
}

func (e *examination) judgeScope(client ClientSettings) {
	const mend = "Allow the scope " + adminScope + " in the app client's login pages, and let applications ask for it."
	allowed := slices.Contains(client.Scopes, adminScope)
	filter := `.AllowedOAuthScopes = ((.AllowedOAuthScopes // []) + ["openid", "` + adminScope + `"] | unique)`
	switch {
	case e.CallbackURL != "" && !(client.OAuth && client.CodeGrant && allowed && slices.Contains(client.Scopes, "openid")):
		e.found(Fault, "scope", "The portal sends people to Cognito's own pages, and the app client does not allow that with a code and the scopes openid and "+adminScope+".",
			"Allow the authorization code grant and both scopes in the app client's login pages.",
			e.clientCommand(filter+` | .AllowedOAuthFlows = ((.AllowedOAuthFlows // []) + ["code"] | unique) | .AllowedOAuthFlowsUserPoolClient = true`))
	case client.OAuth && !allowed:
		e.found(Advice, "scope", "The app client allows OAuth without the scope "+adminScope+": tokens from Cognito's own pages cannot set up an app.",
			mend, e.clientCommand(filter))
	case client.OAuth:
		e.ok("scope", "The scope %s is allowed.", adminScope)
	default:
		e.ok("scope", "The app client does not use OAuth: its tokens have the scope %s.", adminScope)
	}
}

func (e *examination) judgeCallback(client ClientSettings) {
	switch {
	case e.CallbackURL == "":
	case slices.Contains(client.CallbackURLs, e.CallbackURL):
		e.ok("callback", "Cognito's pages may send people back to %s.", e.CallbackURL)
	default:
		e.found(Fault, "callback", "Cognito's pages may not send people back to "+e.CallbackURL+": nobody can sign in there.",
			"Add exactly this URL to the allowed callback URLs of the app client's login pages.",
			e.clientCommand(`.CallbackURLs = ((.CallbackURLs // []) + ["`+e.CallbackURL+`"])`))
	}
}

func (e *examination) judgePolicy(pool PasswordPolicy) {
	if pool == e.PasswordPolicy {
		e.ok("password-policy", "The portal knows the pool's password policy.")
		return
	}
	e.found(Advice, "password-policy", fmt.Sprintf("The pool's password policy is %s, the portal tells people %s.", pool, e.PasswordPolicy),
		"Set PORTAL_PASSWORD_POLICY="+pool.String()+".", "")
}

// String is the policy as PORTAL_PASSWORD_POLICY has it.
func (p PasswordPolicy) String() string {
	words := []string{fmt.Sprint(p.MinLength)}
	for _, kind := range []struct {
		word   string
		needed bool
	}{{"upper", p.Upper}, {"lower", p.Lower}, {"number", p.Number}, {"symbol", p.Symbol}} {
		if kind.needed {
			words = append(words, kind.word)
		}
	}
	return strings.Join(words, ",")
}

// concludePool says whether the pool exists. Its public keys tell when no signed call did.
func (e *examination) concludePool(ctx context.Context) {
	seen := ""
	if e.pool == unknown {
		reply := e.Pool.Keys(ctx)
		seen = reply.Seen
		switch reply.Kind { //nolint:exhaustive // the others say nothing of the pool
		case Answered:
			e.pool = good
		case NoPool:
			e.pool = bad
		}
	}
	switch e.pool {
	case good:
		e.ok("pool", "The pool %s exists.", e.UserPoolID)
	case bad:
		e.found(Fault, "pool", fmt.Sprintf("There is no pool %s in region %s.", e.UserPoolID, e.Region),
			"Copy the pool's id from its page in the console to COGNITO_USER_POOL_ID; mind upper and lower case.",
			"aws cognito-idp list-user-pools --region "+quote(e.Region)+" --max-results 60")
	case unknown:
		e.unseen("pool", "Not checked whether the pool exists: its public keys could not be read ("+seen+").", "")
	}
}

// concludeClient says what sign-in, signed calls or both have told of the app client.
func (e *examination) concludeClient() {
	if e.client == bad {
		e.notChecked("there is no such app client", "flow", "secret", "existence")
		return
	}
	if e.client == good {
		e.ok("client", "The app client %s exists.", e.ClientID)
	} else {
		e.notChecked("no call came so far", "client")
	}
	e.notChecked("no call came so far", "flow")
	if e.secret == good {
		e.ok("secret", "%s", map[bool]string{true: "The portal has the app client's secret.", false: "The app client has no secret, and the portal uses none."}[e.ClientSecret])
	}
	e.notChecked("no sign-in came so far that the secret was compared", "secret")
	switch e.existence {
	case good:
		e.ok("existence", "Cognito does not tell strangers which user names exist.")
	case bad:
		e.found(Advice, "existence", "Cognito tells strangers which user names exist. The portal does not, but anybody can ask Cognito.",
			"Set PreventUserExistenceErrors of the app client to ENABLED.", e.clientCommand(`.PreventUserExistenceErrors = "ENABLED"`))
	case unknown:
		e.notChecked("no sign-in came so far", "existence")
	}
	switch e.revokes {
	case good:
		e.ok("revocation", "Tokens can be revoked.")
	case bad:
		e.found(Advice, "revocation", "Token revocation is off in the app client: the portal cannot take back the tokens of a sign-in that is over.",
			"Switch token revocation on in the app client, or set PORTAL_REVOKE_TOKENS=false.", e.clientCommand(`.EnableTokenRevocation = true`))
	case unknown:
	}
}
