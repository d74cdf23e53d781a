package userpool

import "slices"

// flowStart begins one AuthFlow.
type flowStart func(c *call, s signIn, parameters object) (object, error)

// flows are the values of AuthFlow that InitiateAuth takes, and what the client must allow for them.
var flows = map[string]struct {
	allow string
	only  caller
	start flowStart
}{
	"USER_PASSWORD_AUTH":       {"ALLOW_USER_PASSWORD_AUTH", endUser, startPassword},
	"USER_SRP_AUTH":            {"ALLOW_USER_SRP_AUTH", anybody, startSRP},
	"USER_AUTH":                {"ALLOW_USER_AUTH", anybody, startChoice},
	"CUSTOM_AUTH":              {"ALLOW_CUSTOM_AUTH", anybody, startCustom},
	"REFRESH_TOKEN_AUTH":       {"ALLOW_REFRESH_TOKEN_AUTH", anybody, startRefresh},
	"REFRESH_TOKEN":            {"ALLOW_REFRESH_TOKEN_AUTH", anybody, startRefresh},
	"ADMIN_USER_PASSWORD_AUTH": {"ALLOW_ADMIN_USER_PASSWORD_AUTH", administrator, startPassword},
	"ADMIN_NO_SRP_AUTH":        {"ALLOW_ADMIN_USER_PASSWORD_AUTH", administrator, startPassword},
}

// caller is who may use a flow: everybody through InitiateAuth, an administrator through AdminInitiateAuth.
type caller string

const (
	anybody       caller = ""
	endUser       caller = "end user"
	administrator caller = "administrator"
)

// initiateAuth begins a sign-in.
func initiateAuth(c *call) (object, error) { return c.initiate(endUser) }

func (c *call) initiate(by caller) (object, error) {
	cl, err := c.client(c.input.text("ClientId"))
	if err != nil {
		return nil, err
	}
	name := c.input.text("AuthFlow")
	flow, known := flows[name]
	if !known || flow.only != anybody && flow.only != by {
		return nil, invalidParameter("Initiate Auth method not supported.")
	}
	if !cl.allows(flow.allow) {
		return nil, invalidParameter("%s flow not enabled for this client", name)
	}
	parameters := c.input.object("AuthParameters")
	return flow.start(c, signIn{client: cl, by: by, deviceKey: parameters.text("DEVICE_KEY")}, parameters)
}

// allows reports whether the client has a flow switched on.
func (cl *client) allows(flow string) bool {
	for _, allowed := range cl.flows {
		if allowed == flow || slices.Contains(legacyFlows[allowed], flow) {
			return true
		}
	}
	return false
}

// legacyFlows are the names of before 2019 and what each of them allows: SRP and refreshing were always on.
var legacyFlows = map[string][]string{
	"USER_PASSWORD_AUTH":    {"ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
	"ADMIN_NO_SRP_AUTH":     {"ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
	"CUSTOM_AUTH_FLOW_ONLY": {"ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
}

// identify finds the user of a flow: name, secret hash, account.
func (c *call) identify(cl *client, parameters object) (*user, error) {
	name := parameters.text("USERNAME")
	if name == "" {
		return nil, missing("USERNAME")
	}
	if fault := cl.checkHash(parameters.text("SECRET_HASH"), name); fault != nil {
		return nil, fault
	}
	return cl.pool.find(name), nil
}

// startPassword is USER_PASSWORD_AUTH, and ADMIN_USER_PASSWORD_AUTH.
func startPassword(c *call, s signIn, parameters object) (object, error) {
	if parameters.text("USERNAME") != "" && parameters.text("PASSWORD") == "" {
		return nil, missing("PASSWORD")
	}
	u, err := c.identify(s.client, parameters)
	if err != nil {
		return nil, err
	}
	if u == nil {
		return nil, s.unknownUser()
	}
	if err := c.checkPassword(u, parameters.text("PASSWORD")); err != nil {
		return nil, err
	}
	return c.afterPassword(s, u)
}

// startRefresh is REFRESH_TOKEN_AUTH: new access and ID tokens, no new refresh token, no MFA.
func startRefresh(c *call, s signIn, parameters object) (object, error) {
	text := parameters.text("REFRESH_TOKEN")
	if text == "" {
		return nil, missing("REFRESH_TOKEN")
	}
	if s.client.rotation {
		return nil, invalidParameter("REFRESH_TOKEN_AUTH flow not enabled for this client")
	}
	g, _, found := c.p.openRefresh(text)
	if !found || g.client != s.client {
		return nil, notAuthorized(badRefreshToken)
	}
	hash := parameters.text("SECRET_HASH")
	if s.client.secret != "" && hash != "" && !same(hash, s.client.secretHash(g.user.name)) {
		return nil, notAuthorized("SecretHash does not match for the client: " + s.client.id)
	}
	if fault := s.client.checkHash(hash, g.user.name); fault != nil {
		return nil, fault
	}
	if err := c.refreshable(g, parameters.text("DEVICE_KEY")); err != nil {
		return nil, err
	}
	result, err := c.tokens(g, false)
	if err != nil {
		return nil, err
	}
	return object{"AuthenticationResult": result, "ChallengeParameters": object{}}, nil
}

// refreshable refuses a refresh token that has ended, or whose user may not sign in any more.
func (c *call) refreshable(g *grant, deviceKey string) error {
	switch {
	case g.revoked:
		return notAuthorized("Refresh Token has been revoked")
	case !c.now.Before(g.expires):
		return notAuthorized("Refresh Token has expired")
	case g.user.gone:
		return userNotFound(noSuchUser)
	case g.user.disabled:
		return notAuthorized(userDisabled)
	case g.deviceKey != "" && (!same(deviceKey, g.deviceKey) || !g.user.hasConfirmed(deviceKey)):
		return notAuthorized(badRefreshToken) // with device tracking the token belongs to its device (amplify-js#6283)
	}
	return nil
}
